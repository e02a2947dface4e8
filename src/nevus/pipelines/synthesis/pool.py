"""Which images a generator learns from, and which are held back to judge it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nevus.contracts import Corpus, CorpusError, Pixels, Table
from nevus.pipelines.synthesis.params import SynthesisParams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TRAINS, HELD_OUT = "trains", "held_out"


class Part(NamedTuple):
    """Some images and their classes.

    Attributes:
        pixels: (n, H, W, 3) uint8, read where they are indexed.
        labels: (n,) int64; -1 where the class is not known.
    """

    pixels: Pixels
    labels: NDArray[np.int64]


def hold_out_images(training: Corpus, duplicates: Table, params: SynthesisParams, seed: int) -> Table:
    """Draw whole lesions, with all that are nearly the same image, that do not train.

    Args:
        training: The corpus without the images that choose and test.
        duplicates: Pairs of images that are one or nearly.
        params: Which classes, and the share.
        seed: Of the draw.

    Returns:
        `image_id` and `part`, "trains" or "held_out"; only of images that the parameters let in.

    Raises:
        CorpusError: A class that was asked for does not exist, or there are too few images.
    """
    import numpy as np

    from nevus.corpus.folds import hold_out

    manifest = wanted(training, params)
    held = hold_out(
        np.zeros(len(manifest), dtype=np.int64),
        joined(manifest, duplicates),
        share=params.held_out,
        seed=seed,
        purpose="synthesis",
    )
    require_enough(held, params)
    return manifest[["image_id"]].assign(part=np.where(held, HELD_OUT, TRAINS)).reset_index(drop=True)


def wanted(training: Corpus, params: SynthesisParams) -> Table:
    """The rows of the manifest that a generator may learn from.

    Raises:
        CorpusError: The class that was asked for does not exist, or there is no image of it.
    """
    manifest, classes = training.manifest, training.classes
    if params.only is not None and params.only not in classes:
        raise CorpusError(
            f"synthesis.only asks for the class '{params.only}', but the classes of this data set are "
            f"{', '.join(classes)}. Name one of these, or set it to null for all images."
        )
    if params.only is None and not params.conditional:
        return manifest
    labeled = manifest[manifest["label"].notna()]
    if params.only is not None:
        labeled = labeled[labeled["label"] == classes.index(params.only)]
    return labeled


def joined(manifest: Table, duplicates: Table) -> NDArray[Any]:
    """(n,) what stays together: images of one group, and those that are nearly the same as one of it."""
    import numpy as np
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from nevus.groups import group_keys

    codes = pd.Series(pd.factorize(group_keys(manifest))[0], index=manifest["image_id"].to_numpy())
    pairs = duplicates[duplicates["image_id"].isin(codes.index) & duplicates["other_id"].isin(codes.index)]
    first, second = (codes[pairs[column]].to_numpy() for column in ("image_id", "other_id"))
    size = int(codes.max()) + 1 if len(codes) else 0
    edges = coo_array((np.ones(len(pairs)), (first, second)), shape=(size, size))
    same = connected_components(edges, directed=False)[1][codes.to_numpy()]
    return np.asarray([f"{number:08d}" for number in same], dtype=object)


def require_enough(held: NDArray[np.bool_], params: SynthesisParams) -> None:
    """Refuse fewer images than a batch, or too few held-out ones to compare.

    Raises:
        CorpusError: It says how many there are, and what to change.
    """
    from nevus.metrics.image_quality import LEAST_IMAGES

    trains, out = int((~held).sum()), int(held.sum())
    if trains < params.batch:
        raise CorpusError(
            f"a step of the synthesis wants {params.batch:,} real images, but {trains:,} train. Lower synthesis.batch "
            f"to {trains:,} or less, or let more images train: synthesis.only and synthesis.conditional leave "
            "out those of other and of unknown classes."
        )
    least = max(LEAST_IMAGES, params.quality.neighbours + 2, round(1 / params.memorisation.quantile))
    if out < least:
        raise CorpusError(
            f"generated images are judged beside {least:,} held-out ones at least, but a share of {params.held_out:g} "
            f"of {trains + out:,} images holds out {out:,}. Raise synthesis.held_out or "
            "synthesis.memorisation.quantile."
        )


def part(training: Corpus, parts: Table, which: str) -> Part:
    """The images of one part, in the order of the manifest.

    Args:
        training: The corpus.
        parts: From `hold_out_images`.
        which: "trains" or "held_out".
    """
    import numpy as np

    from nevus.pixels import view_rows

    chosen = rows_of(training, parts, which)
    labels = np.array(chosen["label"].astype("Int64").fillna(-1), dtype=np.int64)
    return Part(view_rows(training.pixels, chosen["row"].to_numpy(dtype=np.int64)), labels)


def rows_of(training: Corpus, parts: Table, which: str) -> Table:
    """Rows of the manifest of one part."""
    ids = parts.loc[parts["part"] == which, "image_id"]
    return training.manifest[training.manifest["image_id"].isin(ids)]
