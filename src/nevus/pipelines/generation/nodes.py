"""Make images by a finished generator."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from nevus.contracts import Figure, NevusError, Pixels, SavedGenerator, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.finished import no_such_run
from nevus.pipelines.generation.params import GenerateParams
from nevus.seeds import derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

TRAIN = "Train one by `kedro run --pipeline=synthesis`."
FOLDER = "images"


def require_generator(params: GenerateParams, finished: Collection[str]) -> None:
    """Refuse a run that is not finished.

    Raises:
        NevusError: It says which there are.
    """
    if params.model not in finished:
        raise no_such_run("generate.model", params.model, finished, train=TRAIN)


@checked_by(require_generator)
def read_generator(finished: Mapping[str, Callable[[], SavedGenerator]], params: GenerateParams) -> SavedGenerator:
    """Read the generator, with the weights that are wanted as `weights`.

    Args:
        finished: What reads each finished generator, by the name of its run.
        params: Which of them.

    Raises:
        NevusError: There is no such run, or it is not told the classes that are asked for.
    """
    require_generator(params, finished)
    generator = finished[params.model]()
    wanted_classes(generator, params)
    return generator._replace(weights=generator.last) if params.weights == "last" else generator


def wanted_classes(generator: SavedGenerator, params: GenerateParams) -> list[int]:
    """Positions of the classes of which images are made in turn; none where the generator is told none.

    Raises:
        NevusError: Classes are asked for that it does not know, or it is told none.
    """
    known = list(generator.spec["classes"])
    if not generator.spec["conditional"]:
        if params.classes is not None:
            raise NevusError(
                f"generate.classes asks for {', '.join(params.classes)}, but {params.model} is not told the class of "
                "an image. Leave it out, or train one that is: `kedro run --pipeline=synthesis --params "
                "synthesis.conditional=true`."
            )
        return []
    if unknown := [name for name in params.classes or () if name not in known]:
        raise NevusError(
            f"generate.classes asks for {', '.join(unknown)}, but {params.model} knows {', '.join(known)}. Name some "
            "of these, or set it to null for all."
        )
    return [known.index(name) for name in params.classes or known]


def generate_images(generator: SavedGenerator, params: GenerateParams, seed: int) -> tuple[Pixels, Table]:
    """Make images, and the table that names them.

    Args:
        generator: With the weights that are wanted.
        params: How many, of which classes.
        seed: Of the latent vectors.

    Returns:
        (n, H, W, 3) uint8, and one row an image: `file`, `label` (name of its class, empty where it is not known),
        `number`, `generator` and `seed`.
    """
    import numpy as np
    import pandas as pd

    from nevus.training.generation import draw_latents

    latents = draw_latents(
        params.images, generator.spec["latent"], seed=derived(seed, "generate"), truncation=params.truncation
    )
    turns = wanted_classes(generator, params)
    labels = np.resize(np.asarray(turns, dtype=np.int64), params.images) if turns else None
    pixels = make(generator, latents, labels, params)
    digits = len(str(params.images - 1))
    names = [f"{FOLDER}/{number:0{digits}d}.png" for number in range(params.images)]
    known = names_of(generator, labels, params.images)
    table = pd.DataFrame({"file": names, "label": known, "number": range(params.images)})
    return pixels, table.assign(generator=params.model, seed=seed)


def names_of(generator: SavedGenerator, labels: NDArray[np.int64] | None, count: int) -> list[str]:
    """The class of each image by its name; that of all where only one trained, empty where it is not known."""
    if labels is not None:
        return [str(generator.spec["classes"][label]) for label in labels]
    parameters = generator.record.get("parameters", {}).get(generator.record.get("method", ""), {})
    return [str(parameters.get("only") or "")] * count


def make(generator: SavedGenerator, latents: Any, labels: NDArray[np.int64] | None, params: GenerateParams) -> Pixels:
    """(n, H, W, 3) images of (n, L) latent vectors."""
    from nevus.networks.saved_generator import restore_generator
    from nevus.training.generation import generate
    from nevus.training.runtime import prediction_runtime

    network: nn.Module = restore_generator(generator.spec, generator.weights)
    size, runtime = generator.spec["size"], prediction_runtime(params.device)
    return generate(network, latents, size=size, runtime=runtime, labels=labels)


def draw_ways(generator: SavedGenerator, params: GenerateParams, seed: int) -> Figure:
    """Draw ways from one generated image to another, a row each.

    Args:
        generator: With the weights that are wanted.
        params: Number of ways and steps; of a generator that is told the class, each way is within one.
        seed: Of the ends.
    """
    import numpy as np

    from nevus.plots.interpolation import interpolation
    from nevus.training.generation import between, draw_latents

    turns = wanted_classes(generator, params)
    length, count = generator.spec["latent"], params.ways
    ends = draw_latents(2 * count, length, seed=derived(seed, "generated ways"), truncation=params.truncation)
    latents = between(ends[:count], ends[count:], steps=params.steps).flatten(0, 1)
    labels = np.resize(np.asarray(turns, dtype=np.int64), count) if turns else None
    made = make(generator, latents, None if labels is None else labels.repeat(params.steps), params)
    rows = made.reshape(count, params.steps, *made.shape[1:])
    named = None if labels is None else [(name, name) for name in names_of(generator, labels, count)]
    return interpolation(rows, ends=named, title=f"From one image of {params.model} to another, at even steps")
