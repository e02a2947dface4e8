"""One learner for every GAN: two networks, an objective, two optimizers, and running means of the weights."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from nevus.contracts import Batch, GanBatch, Pixels, StepOutput, TrainingError
from nevus.training.averaging import averaged, hand_teacher
from nevus.training.images import to_pixels
from nevus.training.learner_state import Parts, Stateful
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.runtime import Runtime

Network = Callable[..., Tensor]
View = Callable[[Tensor], Tensor]  # (N, 3, H, W) in [-1, 1], the same shape


class Objective(Protocol):
    """The two losses of a game; each is handed the networks, so that it may ask them whatever it needs."""

    def discriminator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the discriminator minimises; `batch.fake` has no graph."""

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the generator minimises; `batch.fake` has a graph, the discriminator's weights get no gradients."""


class RealImages(Protocol):
    """Where real images come from."""

    def __call__(self, step: int) -> tuple[Tensor, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """(N, 3, H, W) images of a step, and their positions."""


@runtime_checkable
class AdaptiveView(Protocol):
    """A view that changes more or less as the discriminator answers; it has a state."""

    probability: float

    def __call__(self, images: Tensor) -> Tensor:
        """As any view."""

    def observe(self, sign: Tensor, images: int) -> None:
        """Take in the mean sign of the discriminator's answers to this number of real images."""

    def state_dict(self) -> dict[str, Any]:
        """What it depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from `state_dict`."""


class Critic:
    """Calls a discriminator in the chosen precision, as an objective does.

    Args:
        model: The discriminator.
        runtime: Precision.
    """

    def __init__(self, model: nn.Module, runtime: Runtime) -> None:
        self._call = runtime.in_precision(model)
        self._norms = [part for part in model.modules() if isinstance(part, _BatchNorm)]

    def __call__(self, *args: Any, keep_statistics: bool = True, **options: Any) -> Any:
        """What the network returns, as float32.

        Args:
            args: Of the network.
            keep_statistics: Whether batch normalisations take what they see into their running statistics. They do not
                with generated images, so those that predict later are of real images alone; what is seen is normalised
                by its own statistics all the same.
            options: Of the network.
        """
        if keep_statistics:
            return self._call(*args, **options)
        before = [norm.momentum for norm in self._norms]
        for norm in self._norms:
            norm.momentum = 0.0
        try:
            return self._call(*args, **options)
        finally:
            for norm, momentum in zip(self._norms, before, strict=True):
                norm.momentum = momentum


class AdversarialLearner(Parts):
    """Update the discriminator, once or several times, then the generator.

    Args:
        discriminator: Whatever the objective asks of it.
        generator: (N, L) latents to (N, 3, H, W) images in [-1, 1]; has the length of its latents as `latent`.
        objective: The two losses.
        real: The real images of an update of the discriminator.
        fresh: Those of an update of the generator; not asked in a conditional game, whose real and generated images
            are pairs of one class.
        labeled: Labelled images of a step, where the discriminator is a classifier.
        labels: (R,) int64 classes of the real images by position, where the game is conditional.
        augment: Changes all images that the discriminator sees, but the labelled ones; differentiable, since the
            generator learns through it. An `AdaptiveView` is told the `real_sign` that the objective logs.
        weak: Changes real images a little, where the objective wants to see them so.
        strong: Changes the same images a lot, likewise.
        discriminator_optimizer: Settings.
        generator_optimizer: Settings.
        discriminator_steps: Updates of the discriminator for one of the generator.
        loop: Settings of the loop.
        runtime: Device and precision.
    """

    def __init__(
        self,
        discriminator: nn.Module,
        generator: nn.Module,
        objective: Objective,
        *,
        real: RealImages,
        fresh: RealImages,
        labeled: Callable[[int], Batch] | None = None,
        labels: Tensor | None = None,
        augment: View,
        weak: View | None = None,
        strong: View | None = None,
        discriminator_optimizer: OptimizerOptions,
        generator_optimizer: OptimizerOptions,
        discriminator_steps: int,
        loop: LoopOptions,
        runtime: Runtime,
    ) -> None:
        self.latent: int = generator.latent  # type: ignore[assignment]
        self.discriminator = runtime.place(discriminator)
        self.generator = runtime.place(generator)
        beside = objective.to(runtime.device) if isinstance(objective, nn.Module) else None
        self.discriminator_optimizer = ScheduledOptimizer(
            self.discriminator, discriminator_optimizer, steps=loop.steps * discriminator_steps, beside=beside
        )
        self.generator_optimizer = ScheduledOptimizer(self.generator, generator_optimizer, steps=loop.steps)
        self.average = averaged(self.discriminator, loop.ema_decay)
        self.average_generator = averaged(self.generator, loop.ema_decay)
        self.parts: dict[str, Stateful] = {
            "discriminator": self.discriminator,
            "generator": self.generator,
            "average": self.average,
            "average_generator": self.average_generator,
            "discriminator_optimizer": self.discriminator_optimizer,
            "generator_optimizer": self.generator_optimizer,
        }
        if beside is not None:
            self.parts["objective"] = beside
        hand_teacher(objective, self.average, runtime)
        self._wanted_views: tuple[str, ...] = getattr(objective, "views", ())
        given = {"weak": weak, "strong": strong}
        self.views = {name: view for name, view in given.items() if view and name in self._wanted_views}
        if isinstance(augment, AdaptiveView):
            self.parts["augment"] = augment
        self.objective, self.augment, self.runtime = objective, augment, runtime
        self.real, self.fresh, self.labeled, self.labels = real, fresh, labeled, labels
        self.discriminator_steps = discriminator_steps
        self._trained = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        self._discriminator = Critic(self.discriminator, runtime)
        self._generator = runtime.in_precision(self.generator)

    @property
    def modules(self) -> tuple[object, ...]:
        """The objects whose code decides what is learnt."""
        return self.discriminator, self.generator, self.objective

    def step(self, index: int) -> dict[str, Tensor]:
        """The updates of the discriminator, then one of the generator on the last batch."""
        for turn in range(self.discriminator_steps):
            last = turn == self.discriminator_steps - 1
            with torch.set_grad_enabled(last):  # only the last generated images are used again, by the generator
                real, batch = self._batch(index * self.discriminator_steps + turn)
            rate = torch.tensor(self.discriminator_optimizer.learning_rate, device=self.runtime.device)
            taught = self.objective.discriminator_loss(self._generator, self._discriminator, self._seen(real, batch))
            self.discriminator_optimizer.update(taught.loss)
            self.average.update_parameters(self.discriminator)
            self._adapt(taught, len(real))
        self._teach(False)
        fresh = real if self.labels is not None else self.fresh(index)[0]
        seen = batch._replace(real=self.augment(fresh), fake=self.augment(batch.fake))
        drawn = self.objective.generator_loss(self._generator, self._discriminator, seen)
        self.generator_optimizer.update(drawn.loss)
        self._teach(True)
        self.average_generator.update_parameters(self.generator)
        return {**taught.scalars, **drawn.scalars, "learning_rate": rate}

    def _batch(self, step: int) -> tuple[Tensor, GanBatch]:
        """Real images as they are, and a batch whose generated images have their graph."""
        labeled = self.labeled(step) if self.labeled else None
        real, rows = self.real(step)
        labels = None if self.labels is None else self.labels[torch.from_numpy(rows).to(self.labels.device)]
        latent = torch.randn(len(real), self.latent, device=real.device)
        fake = self._generator(latent) if labels is None else self._generator(latent, labels)
        return real, GanBatch(real, fake, latent, labels, labeled, step=step)

    def _adapt(self, taught: StepOutput, images: int) -> None:
        """Let an adaptive augmentation follow the answers to this number of real images."""
        if not isinstance(self.augment, AdaptiveView):
            return
        if "real_sign" not in taught.scalars:
            raise TrainingError(
                f"adaptive augmentation follows real_sign, which {type(self.objective).__name__} does not log. Take an "
                "objective over one score an image, such as hinge, or a fixed policy."
            )
        taught.scalars["augment_probability"] = torch.tensor(self.augment.probability, device=self.runtime.device)
        self.augment.observe(taught.scalars["real_sign"], images)

    def _teach(self, on: bool) -> None:
        """Whether the discriminator's weights get gradients; frozen ones never do."""
        for weight in self._trained:
            weight.requires_grad_(on)

    def _seen(self, real: Tensor, batch: GanBatch) -> GanBatch:
        """What the discriminator learns from: one draw of the augmentation for all, generated images without graph."""
        seen = self.augment(torch.cat([real, batch.fake.detach()]))
        views: dict[str, Any] = {name: view(real) for name, view in self.views.items()}
        if "strong" in views and "strong_fake" in self._wanted_views:
            views["strong_fake"] = self.views["strong"](batch.fake.detach())
        return batch._replace(real=seen[: len(real)], fake=seen[len(real) :], plain=real, **views)

    @torch.no_grad()
    def images(self, latent: Tensor) -> Pixels:
        """(N, L) latents to (N, H, W, 3) uint8 images of the averaged generator."""
        self.average_generator.eval()
        with self.runtime.autocast():
            return to_pixels(self.average_generator(latent.to(self.runtime.device)))


def tile(images: Pixels, *, columns: int) -> Pixels:
    """(N, H, W, 3) to one picture (rows * H, columns * W, 3), row by row; an unfinished last row is left out."""
    n, height, width, channels = images.shape
    rows = n // columns
    grid = images[: rows * columns].reshape(rows, columns, height, width, channels)
    picture: Pixels = grid.swapaxes(1, 2).reshape(rows * height, columns * width, channels)
    return picture
