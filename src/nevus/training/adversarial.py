"""One learner for every GAN: two networks, an objective, two optimizers, and running means of the weights."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nevus.contracts import Batch, GanBatch, Pixels, StepOutput
from nevus.training.averaging import averaged
from nevus.training.images import to_pixels
from nevus.training.learner_state import Parts, Stateful
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.runtime import Runtime

Network = Callable[..., Tensor]


class Objective(Protocol):
    """The two losses of a game; each is handed the networks, so that it may ask them whatever it needs."""

    def discriminator_loss(self, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the discriminator minimises; `batch.fake` has no graph."""

    def generator_loss(self, generator: Network, discriminator: Network, batch: GanBatch) -> StepOutput:
        """What the generator minimises; `batch.fake` has a graph, the discriminator's weights get no gradients."""


class RealImages(Protocol):
    """Where real images come from."""

    def __call__(self, step: int) -> tuple[Tensor, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """(N, 3, H, W) images of a step, and their positions."""


class AdversarialLearner(Parts):
    """Update the discriminator, once or several times, then the generator.

    Args:
        discriminator: Whatever the objective asks of it.
        generator: (N, L) latents to (N, 3, H, W) images in [-1, 1]; has the length of its latents as `latent`.
        objective: The two losses.
        real: The real images of a step.
        labeled: Labelled images of a step, where the discriminator is a classifier.
        labels: (R,) int64 classes of the real images by position, where the game is conditional.
        augment: Changes all images that the discriminator sees, but the labelled ones; differentiable, since the
            generator learns through it.
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
        labeled: Callable[[int], Batch] | None = None,
        labels: Tensor | None = None,
        augment: Callable[[Tensor], Tensor],
        discriminator_optimizer: OptimizerOptions,
        generator_optimizer: OptimizerOptions,
        discriminator_steps: int,
        loop: LoopOptions,
        runtime: Runtime,
    ) -> None:
        self.latent: int = generator.latent  # type: ignore[assignment]
        self.discriminator = runtime.place(discriminator)
        self.generator = runtime.place(generator)
        self.discriminator_optimizer = ScheduledOptimizer(
            self.discriminator, discriminator_optimizer, steps=loop.steps * discriminator_steps
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
        if isinstance(objective, nn.Module):
            self.parts["objective"] = objective.to(runtime.device)
        self.objective, self.augment, self.runtime = objective, augment, runtime
        self.real, self.labeled, self.labels = real, labeled, labels
        self.discriminator_steps = discriminator_steps
        self._trained = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        self._discriminator = runtime.in_precision(self.discriminator)
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
            taught = self.objective.discriminator_loss(self._discriminator, self._seen(real, batch))
            self.discriminator_optimizer.update(taught.loss)
            self.average.update_parameters(self.discriminator)
        self._teach(False)
        seen = batch._replace(real=self.augment(real), fake=self.augment(batch.fake))
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
        return real, GanBatch(real, fake, latent, labels, labeled)

    def _teach(self, on: bool) -> None:
        """Whether the discriminator's weights get gradients; frozen ones never do."""
        for weight in self._trained:
            weight.requires_grad_(on)

    def _seen(self, real: Tensor, batch: GanBatch) -> GanBatch:
        """What the discriminator learns from: one draw of the augmentation for all, generated images without graph."""
        seen = self.augment(torch.cat([real, batch.fake.detach()]))
        return batch._replace(real=seen[: len(real)], fake=seen[len(real) :])

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
