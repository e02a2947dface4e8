"""Parts of a corpus, read when somebody looks at them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Corpus, CorpusError, Pixels, Table
from nevus.corpus.budget import remedy
from nevus.pixels import view_rows


def labeled_images(corpus: Corpus) -> tuple[Pixels, NDArray[np.int64]]:
    """The labelled images and their classes.

    Returns:
        (L, H, W, 3) uint8, read where they are indexed, and (L,) int64.

    Raises:
        CorpusError: There is one class only, or a class has no labelled image.
    """
    if len(corpus.classes) < 2:
        raise CorpusError(
            f"a classifier tells two classes or more apart, but the corpus has only {', '.join(corpus.classes)}. "
            "Choose more of them in the reader's options, conf/<env>/parameters.yml."
        )
    part = select(corpus, "labeled")
    labels = part.manifest["label"].to_numpy(dtype=np.int64)
    missing = [name for number, name in enumerate(corpus.classes) if number not in labels]
    if missing:
        raise CorpusError(
            f"training needs labelled images of every class, but there is none of {', '.join(missing)}. "
            "See the corpus summary of `kedro run --pipeline=ingestion`."
        )
    return part.pixels, labels


def unlabeled_images(corpus: Corpus) -> Pixels:
    """The unlabelled images, (U, H, W, 3) uint8, read where they are indexed.

    Raises:
        CorpusError: There are none.
    """
    require_unlabeled(corpus.manifest, corpus.classes)
    return select(corpus, "unlabeled").pixels


def require_unlabeled(assigned: Table, classes: Sequence[str]) -> None:
    """Refuse images of which none is unlabelled.

    Args:
        assigned: One row an image: `split`, `label`.
        classes: Names of the classes.

    Raises:
        CorpusError: It names a label budget that leaves some.
    """
    if (assigned["split"] == "unlabeled").any():
        return
    labels = assigned.loc[assigned["split"] == "labeled", "label"]
    counts = [int((labels == number).sum()) for number in range(len(classes))]
    raise CorpusError(f"semi-supervised training needs unlabelled images, but the corpus has none. {remedy(counts, 0)}")


def validation_images(corpus: Corpus) -> tuple[Pixels, NDArray[np.int64]]:
    """The images that choose, and their classes.

    Returns:
        (V, H, W, 3) uint8 and (V,) int64.

    Raises:
        CorpusError: There are none, or a class has none.
    """
    part = select(corpus, "validation")
    part = part._replace(manifest=part.manifest[part.manifest["label"].notna()])
    labels = part.manifest["label"].to_numpy(dtype=np.int64)
    missing = [name for number, name in enumerate(corpus.classes) if number not in labels]
    if missing:
        raise CorpusError(
            f"`selection` chooses by validation images, but there is none of {', '.join(missing)}. Set it to null, or "
            "draw validation images from the labelled ones by `--params splits.validation=hold_out`."
        )
    return part.pixels[part.manifest["row"].to_numpy()], labels


def require_labeled_test(corpus: Corpus) -> None:
    """Refuse a test split that no classifier can be scored on.

    Raises:
        CorpusError: A test image has no label, or a class has no test image.
    """
    labels = corpus.manifest.loc[corpus.manifest["split"] == "test", "label"]
    counts = [int((labels == number).sum()) for number in range(len(corpus.classes))]
    if labels.isna().any() or not all(counts):
        found = ", ".join(f"{count} {name}" for count, name in zip(counts, corpus.classes, strict=True))
        raise CorpusError(
            "scoring needs labelled test images of every class, but the test split has "
            f"{found} and {int(labels.isna().sum())} without a label. Draw test images from the labelled ones by "
            "splits.test=hold_out in conf/base/parameters/splits.yml, or `--params splits.test=hold_out`."
        )


def select(corpus: Corpus, *splits: str) -> Corpus:
    """Only these splits, with `row` counted from 0 again; pixels stay where they are."""
    manifest = corpus.manifest[corpus.manifest["split"].isin(splits)]
    rows = manifest["row"].to_numpy(dtype=np.int64)
    return corpus._replace(manifest=manifest.assign(row=np.arange(len(rows))), pixels=view_rows(corpus.pixels, rows))


def without(corpus: Corpus, held_out: NDArray[np.int64]) -> Corpus:
    """The corpus less some of its labelled images, by their positions among them; pixels stay where they are."""
    labeled = corpus.manifest.index[corpus.manifest["split"] == "labeled"]
    return corpus._replace(manifest=corpus.manifest.drop(index=labeled[held_out]))
