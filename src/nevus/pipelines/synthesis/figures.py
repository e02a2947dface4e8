"""What one sees of a generator."""

from __future__ import annotations

from nevus.contracts import Corpus, Figure, Pixels, SavedGenerator, Table
from nevus.pipelines.synthesis.judging import GENERATED, HELD, chosen_rows
from nevus.pipelines.synthesis.params import SynthesisParams
from nevus.pipelines.synthesis.pool import HELD_OUT, TRAINS, part
from nevus.seeds import derived

REAL_IMAGES = 64
WAYS, STEPS = 5, 9


def draw_samples(training: Corpus, parts: Table, generator: SavedGenerator, generated: Pixels) -> Figure:
    """Draw images that train, at even distances in the corpus, beside generated ones."""
    import numpy as np

    from nevus.plots.samples import samples

    pixels = part(training, parts, TRAINS).pixels
    rows = np.linspace(0, len(pixels) - 1, min(len(pixels), REAL_IMAGES)).astype(np.intp)
    return samples(np.asarray(pixels[rows]), generated, name=name_of(generator))


def draw_curves(generator: SavedGenerator, history: Table) -> Figure:
    """Draw what was logged while the networks trained."""
    from nevus.plots.curves import curves

    return curves(history, name=name_of(generator))


def draw_quality(generator: SavedGenerator, quality: Table) -> Figure:
    """Draw the quality over the training, and the step that is kept."""
    from nevus.plots.quality_course import quality_course

    course = quality.pivot(index="step", columns="metric", values="value").reset_index()
    course = course[["step", *quality["metric"].unique()]]
    floors = {str(metric): float(value) for metric, value in quality.groupby("metric")["floor"].first().items()}
    images, chosen = int(quality["images"].iloc[0]), int(generator.record["training"]["best_step"])
    return quality_course(course, floors, images=images, name=name_of(generator), chosen=chosen)


def draw_pairs(
    training: Corpus, parts: Table, judged: Pixels, pairs: Table, params: SynthesisParams, seed: int
) -> Figure:
    """Draw the generated images that are nearest a training image, and the held-out ones that are."""
    import numpy as np

    from nevus.pixels import in_views
    from nevus.plots.nearest_pairs import Pairs, nearest_pairs

    pool, held_out = (part(training, parts, which).pixels for which in (TRAINS, HELD_OUT))
    real = held_out[chosen_rows(len(held_out), len(judged), seed)]
    groups = []
    for kind, images in ((GENERATED, judged), (HELD, real)):
        rows = pairs[pairs["set"] == kind]
        positions, views = (rows[column].to_numpy(dtype=np.int64) for column in ("image", "view"))
        nearest = np.asarray(pool[rows["training"].to_numpy(dtype=np.int64)])
        turned = in_views(np.asarray(images)[positions], views)
        groups.append(Pairs(kind, turned, nearest, rows["distance"].to_numpy()))
    threshold = float(pairs["threshold"].iloc[0])
    return nearest_pairs(groups, threshold=threshold, title="Nearest to a training image, whichever way turned")


def draw_interpolation(generator: SavedGenerator, params: SynthesisParams, seed: int) -> Figure:
    """Draw ways from one latent vector to another: images in between that are none show what was learnt by heart."""
    from nevus.networks.saved_generator import restore_generator
    from nevus.plots.interpolation import interpolation
    from nevus.training.generation import between, draw_latents, generate, usual_labels
    from nevus.training.runtime import prediction_runtime

    spec = generator.spec
    ends = draw_latents(2 * WAYS, spec["latent"], seed=derived(seed, "ways"))
    latents = between(ends[:WAYS], ends[WAYS:], steps=STEPS)
    classes = len(spec["classes"])
    labels = usual_labels(WAYS, classes).repeat(STEPS) if spec["conditional"] else None
    network, runtime = restore_generator(spec, generator.weights), prediction_runtime(params.loop.device)
    made = generate(network, latents.flatten(0, 1), size=spec["size"], runtime=runtime, labels=labels)
    named = None if labels is None else [(spec["classes"][label],) * 2 for label in usual_labels(WAYS, classes)]
    title = "From one generated image to another, at even steps"
    return interpolation(made.reshape(WAYS, STEPS, *made.shape[1:]), ends=named, title=title)


def name_of(generator: SavedGenerator) -> str:
    """The run as its folders have it, such as `synthesis-wide/seed0`."""
    record = generator.record
    variant = f"-{record['variant']}" if record["variant"] else ""
    return f"{record['method']}{variant}/seed{record['seed']}"
