"""The quality of generated images while a generator trains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from nevus.contracts import Pixels, Table
from nevus.pipelines.synthesis.params import SynthesisParams, WatchOptions
from nevus.pipelines.synthesis.pool import Part
from nevus.seeds import derived

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from nevus.networks.inception import Extractor

WATCHED = "watched/"  # before the metrics in a history, where those of the end have the plain names


class Looks(NamedTuple):
    """Steps between two looks, and after how many without a better one to stop."""

    every: int
    patience: int | None


def looks_of(watch: WatchOptions, images_a_step: int) -> Looks:
    """The same in steps, as parameters have it in images."""
    in_steps = partial(steps_of, images_a_step=images_a_step)
    return Looks(in_steps(watch.every_images), None if watch.patience is None else in_steps(watch.patience))


def steps_of(images: int, *, images_a_step: int) -> int:
    """The steps that see so many images, one at least."""
    return max(1, images // images_a_step)


class Watch:
    """Compares generated images with held-out ones, always of the same latents.

    Args:
        trains: Images that train; as many of them are the floor.
        held_out: Images that do not.
        params: Extractor, metrics, and how often.
        classes: Number of classes of a conditional generator, or 0.
        latent: Length of a latent vector.
        seed: Of the latents and the choice of images.

    Attributes:
        extractor: What makes the features.
        floor: What as many images that train reach, by metric.
        images: Number of images of a look.
    """

    def __init__(
        self, trains: Part, held_out: Part, params: SynthesisParams, *, classes: int, latent: int, seed: int
    ) -> None:
        import numpy as np

        from nevus.networks.inception import quality_extractor
        from nevus.training.generation import draw_latents
        from nevus.training.runtime import prediction_runtime

        self._params, self._seed, self._classes = params, seed, classes
        self._runtime = prediction_runtime(params.loop.device)
        self._size = int(trains.pixels.shape[1])
        how = params.extractor
        self.extractor: Extractor = quality_extractor(how.inception, size=self._size, side=how.side)
        self.images = min(params.watch.images, len(held_out.pixels), len(trains.pixels))
        draw = np.random.default_rng(derived(seed, "watch"))
        some = [np.sort(draw.permutation(len(one.pixels))[: self.images]) for one in (trains, held_out)]
        floor, self._real = (
            self._features(np.asarray(one.pixels[rows])) for one, rows in zip((trains, held_out), some, strict=True)
        )
        self._latents = draw_latents(self.images, latent, seed=derived(seed, "watched"))
        self.floor = self._compare(floor)

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """The metrics of a generator, by names that begin with `WATCHED`."""
        from nevus.training.generation import generate, usual_labels

        labels = usual_labels(self.images, self._classes) if self._classes else None
        made = generate(network, self._latents, size=self._size, runtime=self._runtime, labels=labels)
        return {f"{WATCHED}{name}": value for name, value in self._compare(self._features(made)).items()}

    @property
    def metric(self) -> str:
        """The distance that chooses."""
        from nevus.metrics.image_quality import distance_name

        return distance_name(self._params.watch.choose_by, self.extractor.name)

    def _features(self, pixels: Pixels) -> NDArray[np.float32]:
        from nevus.training.features import embed

        return embed(self.extractor.network, pixels, average_d4=False, runtime=self._runtime)

    def _compare(self, features: NDArray[Any]) -> dict[str, float]:
        from nevus.metrics.image_quality import image_quality

        return image_quality(
            self._real, features, extractor=self.extractor.name, options=self._params.quality, seed=self._seed
        )


def quality_of(history: Table, watch: Watch) -> Table:
    """The looks in a history, one row a step and metric: `step`, `metric`, `value`, `floor`, `images`."""
    import pandas as pd

    names = [str(name) for name in history if str(name).startswith(WATCHED)]
    long = history[["step", *names]].dropna().melt("step", var_name="metric", value_name="value")
    metric = long["metric"].str.removeprefix(WATCHED)
    return pd.DataFrame(long.assign(metric=metric, floor=metric.map(watch.floor), images=watch.images))
