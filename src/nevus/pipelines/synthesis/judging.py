"""How good the images of a finished generator are, and whether they are copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nevus.contracts import Corpus, Pixels, SavedGenerator, Table
from nevus.pipelines.synthesis.params import SynthesisParams
from nevus.pipelines.synthesis.pool import HELD_OUT, TRAINS, part
from nevus.seeds import derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nevus.metrics.memorisation import Memorisation

REAL = "real images"  # the floor
GENERATED, HELD = "generated", "held-out"


def judge(
    training: Corpus, parts: Table, generator: SavedGenerator, history: Table, params: SynthesisParams, seed: int
) -> tuple[Table, Table, Table, Pixels]:
    """Hold fresh generated images against those that trained, beside as many real ones that did not.

    Args:
        training: The corpus without the images that choose and test.
        parts: Which images train and which are held out.
        generator: The best that was looked at while training.
        history: Of the training, in which a discriminator that won is seen.
        params: Extractor, metrics and numbers.
        seed: Of the latents and the choice of images.

    Returns:
        Scores (`METRIC_COLUMNS`; the held-out images are the floor); the nearest pairs (`set`, `image`, `training`,
        `view`, `distance`, `threshold`); what has gone wrong (`warning`); and the generated images (n, H, W, 3).

    Raises:
        CorpusError: There are too few images.
    """
    import numpy as np
    import pandas as pd

    from nevus.metrics.gan_trouble import diversity, troubles
    from nevus.metrics.image_quality import quality_beside_floor
    from nevus.metrics.memorisation import closest_pairs, memorisation
    from nevus.metrics.neighbours import nearest_of_views

    trains, held_out = (part(training, parts, which) for which in (TRAINS, HELD_OUT))
    count = min(params.judge.images, len(held_out.pixels))
    real = np.asarray(held_out.pixels[chosen_rows(len(held_out.pixels), count, seed)])
    made = images_of(generator, count, params, seed)
    name, features, views_of = extractor_of(params, trains.pixels)
    looked = {GENERATED: views_of(made), HELD: views_of(real)}
    plain = {kind: views[:, 0] for kind, views in looked.items()}
    table = quality_beside_floor(
        features, plain[HELD], plain[GENERATED], extractor=name, options=params.quality, seed=seed
    )
    near = {kind: nearest_of_views([views], features) for kind, views in looked.items()}
    copies = memorisation(near[GENERATED], near[HELD], params.memorisation)
    found, usual = (diversity(plain[kind], features, seed=seed) for kind in (GENERATED, HELD))
    own, floor = (dict(zip(table["metric"], table[column], strict=True)) for column in ("value", "floor"))
    own |= {"copies": copies.rate, "pairwise": found.pairwise, "nearest": found.nearest, "images": count}
    floor |= {"copies": copies.held_out_rate, "pairwise": usual.pairwise, "nearest": usual.nearest, "images": count}
    pairs = [closest_pairs(near[kind], params.judge.pairs).assign(set=kind) for kind in looked]
    return (
        score_rows(own, floor, copies, method=str(generator.record["method"])),
        pd.concat(pairs, ignore_index=True).assign(threshold=copies.threshold),
        pd.DataFrame({"warning": [*troubles(history, found, params.trouble), *said_of_copies(copies)]}, dtype=object),
        made,
    )


def chosen_rows(total: int, count: int, seed: int) -> NDArray[np.int64]:
    """Which of the held-out images are compared: all, or as many as are wanted."""
    import numpy as np

    drawn: NDArray[np.int64] = np.sort(np.random.default_rng(derived(seed, "judge")).permutation(total)[:count])
    return drawn


def images_of(generator: SavedGenerator, count: int, params: SynthesisParams, seed: int) -> Pixels:
    """Images of latents that no look while training has seen."""
    from nevus.networks.saved_generator import restore_generator
    from nevus.training.generation import draw_latents, generate, usual_labels
    from nevus.training.runtime import prediction_runtime

    spec = generator.spec
    latents = draw_latents(count, spec["latent"], seed=derived(seed, "judged"))
    labels = usual_labels(count, len(spec["classes"])) if spec["conditional"] else None
    network, runtime = restore_generator(spec, generator.weights), prediction_runtime(params.loop.device)
    return generate(network, latents, size=spec["size"], runtime=runtime, labels=labels)


def extractor_of(params: SynthesisParams, pixels: Pixels) -> tuple[str, NDArray[np.float32], Any]:
    """Name of the extractor, features of the images that train, and what makes (n, 8, F) of other images."""
    import numpy as np

    from nevus.networks.inception import quality_extractor
    from nevus.training.features import embed, embed_views
    from nevus.training.runtime import prediction_runtime

    how, runtime = params.extractor, prediction_runtime(params.loop.device)
    name, network = quality_extractor(how.inception, size=pixels.shape[1], side=how.side)

    def views_of(images: Pixels) -> NDArray[np.float32]:
        return np.concatenate(list(embed_views(network, images, all_views=True, runtime=runtime)))

    return name, embed(network, pixels, average_d4=False, runtime=runtime), views_of


def score_rows(own: dict[str, float], floor: dict[str, float], copies: Memorisation, *, method: str) -> Table:
    """One row a metric and kind of images; only the rate of copies has an interval."""
    import math

    import pandas as pd

    rows = []
    for name, role, values in ((method, "method", own), (REAL, "floor", floor)):
        for metric, value in values.items():
            bounds = (copies.low, copies.high) if (role, metric) == ("method", "copies") else (math.nan, math.nan)
            low, high = bounds
            rows.append(
                {"method": name, "role": role, "metric": metric, "value": float(value), "low": low, "high": high}
            )
    return pd.DataFrame(rows)


def said_of_copies(copies: Memorisation) -> list[str]:
    """A sentence where more images are copies than chance would explain."""
    if not copies.beyond_held_out:
        return []
    return [
        f"the generator copies: {copies.rate:.1%} of its images are as near a training image as only "
        f"{copies.held_out_rate:.1%} of held-out real images are. Stop earlier, augment more or train on more images, "
        "and do not hand these images on."
    ]
