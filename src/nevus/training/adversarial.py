"""Train a discriminator that classifies, against a generator."""

from collections.abc import Callable
from typing import Protocol, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nevus.contracts import Pixels, StepOutput
from nevus.training.averaging import averaged
from nevus.training.images import to_images, to_pixels
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.runtime import Runtime
from nevus.training.sampling import balanced, unlabeled
from nevus.training.stateful import Parts


class ClassifyingDiscriminator(Protocol):
    """A network whose features and logits can be had apart."""

    def forward_features(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, F)."""

    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K)."""


class Objective(Protocol):
    """The two losses of a game; see `nevus.objectives`."""

    def discriminator_loss(self, labeled: Tensor, targets: Tensor, real: Tensor, fake: Tensor) -> StepOutput:
        """From (L, K), (L,), (N, K), (M, K)."""

    def generator_loss(self, real_features: Tensor, fake_features: Tensor, fake_logits: Tensor) -> StepOutput:
        """From (N, F), (M, F), (M, K)."""


class AdversarialTrainer(Parts):
    """Update the discriminator on labelled, unlabelled and generated images, then the generator on its features.

    Args:
        discriminator: Has `forward_features` and `forward_head`.
        generator: (N, L) latents to (N, 3, H, W) images in [-1, 1]; has the length of its latents as `latent`.
        objective: The two losses.
        labeled: (L, H, W, 3) uint8.
        labels: (L,) class indices.
        unlabeled: (U, H, W, 3) uint8, may be memory-mapped; only the images of a batch are read.
        augment_labeled: Changes labelled images at random.
        augment: Changes all other images that the discriminator sees; differentiable, since the generator learns
            through it.
        discriminator_optimizer: Settings.
        generator_optimizer: Settings.
        loop: Settings of the loop.
        unlabeled_batch: Unlabelled images a step, and as many generated ones.
        seed: Of the order of the images.
        runtime: Device and precision.
    """

    def __init__(
        self,
        discriminator: nn.Module,
        generator: nn.Module,
        objective: Objective,
        *,
        labeled: Pixels,
        labels: NDArray[np.int64],
        unlabeled: Pixels,
        augment_labeled: Callable[[Tensor], Tensor],
        augment: Callable[[Tensor], Tensor],
        discriminator_optimizer: OptimizerOptions,
        generator_optimizer: OptimizerOptions,
        loop: LoopOptions,
        unlabeled_batch: int,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.latent: int = generator.latent  # type: ignore[assignment]
        self.discriminator = runtime.place(discriminator)
        self.generator = runtime.place(generator)
        self.average = averaged(self.discriminator, loop.ema_decay)
        self.average_generator = averaged(self.generator, loop.ema_decay)
        self.teach = ScheduledOptimizer(self.discriminator, discriminator_optimizer, steps=loop.steps)
        self.draw = ScheduledOptimizer(self.generator, generator_optimizer, steps=loop.steps)
        self.parts = {
            "discriminator": self.discriminator,
            "generator": self.generator,
            "average": self.average,
            "average_generator": self.average_generator,
            "discriminator_optimizer": self.teach,
            "generator_optimizer": self.draw,
        }
        self.objective, self.runtime = objective, runtime
        self.labeled, self.targets = to_images(labeled, runtime.device), torch.from_numpy(labels).to(runtime.device)
        self.labels, self.unlabeled = labels, unlabeled
        self.augment_labeled, self.augment = augment_labeled, augment
        self.batch, self.unlabeled_batch, self.seed = loop.labeled_batch, unlabeled_batch, seed

    def step(self, index: int) -> dict[str, Tensor]:
        """One update of the discriminator, then one of the generator."""
        labeled, targets, real = self._batch(index)
        latent = torch.randn(len(real), self.latent, device=real.device)
        with self.runtime.autocast():
            fake = self.generator(latent)
        fake = fake.float()
        rate = torch.tensor(self.teach.learning_rate, device=real.device)
        taught = self._discriminator_loss(labeled, targets, real, fake.detach())
        self.teach.update(taught.loss)
        self.average.update_parameters(self.discriminator)
        drawn = self._generator_loss(real, fake)
        self.draw.update(drawn.loss)
        self.discriminator.requires_grad_(True)
        self.average_generator.update_parameters(self.generator)
        return {**taught.scalars, **drawn.scalars, "learning_rate": rate}

    def _batch(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Augmented labelled images, their targets, unlabelled images as they are."""
        device = self.runtime.device
        chosen = torch.from_numpy(balanced(self.labels, step=index, batch=self.batch, seed=self.seed))
        rows = unlabeled(len(self.unlabeled), step=index, batch=self.unlabeled_batch, seed=self.seed)
        return (
            self.augment_labeled(self.labeled[chosen]),
            self.targets[chosen],
            to_images(self.unlabeled[rows], device),
        )

    def _discriminator_loss(self, labeled: Tensor, targets: Tensor, real: Tensor, fake: Tensor) -> StepOutput:
        seen = torch.cat([labeled, self.augment(torch.cat([real, fake]))])
        with self.runtime.autocast():  # one pass, large enough to keep the processor busy
            logits = self.discriminator(seen).float()
        on_labeled, on_real, on_fake = logits.tensor_split([len(labeled), len(labeled) + len(real)])
        return self.objective.discriminator_loss(on_labeled, targets, on_real, on_fake)

    def _generator_loss(self, real: Tensor, fake: Tensor) -> StepOutput:
        """The features of the real images need no graph, and the discriminator no gradients."""
        network = cast(ClassifyingDiscriminator, self.discriminator)
        self.discriminator.requires_grad_(False)
        # Outside autocast, as for the discriminator: in bfloat16 the shifts would be rounded to other places.
        seen_real, seen_fake = self.augment(real), self.augment(fake)
        with self.runtime.autocast():
            with torch.no_grad():
                real_features = network.forward_features(seen_real).float()
            features = network.forward_features(seen_fake)
            logits = network.forward_head(features).float()
        return self.objective.generator_loss(real_features, features.float(), logits)

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
