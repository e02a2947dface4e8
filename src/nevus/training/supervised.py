"""Train a classifier on labelled images alone."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.contracts import Pixels
from nevus.training.averaging import averaged
from nevus.training.images import to_images
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.runtime import Runtime
from nevus.training.sampling import balanced
from nevus.training.stateful import Parts


class SupervisedTrainer(Parts):
    """Cross-entropy on class-balanced batches of augmented labelled images.

    Args:
        model: (N, 3, H, W) to (N, K) logits.
        pixels: (L, H, W, 3) uint8 labelled images.
        labels: (L,) class indices.
        augment: Changes a batch of images at random.
        optimizer: Settings of the optimizer.
        loop: Settings of the loop.
        seed: Of the order of the images.
        runtime: Device and precision.
    """

    def __init__(
        self,
        model: nn.Module,
        pixels: Pixels,
        labels: NDArray[np.int64],
        *,
        augment: Callable[[Tensor], Tensor],
        optimizer: OptimizerOptions,
        loop: LoopOptions,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.model = runtime.place(model)
        self.average = averaged(self.model, loop.ema_decay)
        self.optimizer = ScheduledOptimizer(self.model, optimizer, steps=loop.steps)
        self.parts = {"model": self.model, "average": self.average, "optimizer": self.optimizer}
        self.images, self.targets = to_images(pixels, runtime.device), torch.from_numpy(labels).to(runtime.device)
        self.labels = labels
        self.augment, self.batch, self.seed, self.runtime = augment, loop.labeled_batch, seed, runtime

    def step(self, index: int) -> dict[str, Tensor]:
        """One update on one labelled batch."""
        chosen = torch.from_numpy(balanced(self.labels, step=index, batch=self.batch, seed=self.seed))
        images, targets = self.augment(self.images[chosen]), self.targets[chosen]
        with self.runtime.autocast():
            logits = self.model(images).float()
        loss = F.cross_entropy(logits, targets)
        rate = torch.tensor(self.optimizer.learning_rate, device=images.device)
        self.optimizer.update(loss)
        self.average.update_parameters(self.model)
        accuracy = (logits.detach().argmax(dim=1) == targets).float().mean()
        return {"labeled_loss": loss.detach(), "labeled_accuracy": accuracy, "learning_rate": rate}
