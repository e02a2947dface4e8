"""The batch of a step, made of pools of images: which images, and how each view changes them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nevus.contracts import Batch, CorpusError
from nevus.training.pool import Pool
from nevus.training.sampling import balanced, natural, unlabeled, weighted

View = Callable[[Tensor], Tensor]  # (N, 3, H, W) in [-1, 1], the same shape


class MixingView(Protocol):
    """A view of labelled images, which may mix them and their targets too."""

    def __call__(self, images: Tensor) -> Tensor:
        """Change (N, 3, H, W) images in [-1, 1]."""

    def mix(self, images: Tensor, targets: Tensor, classes: int) -> tuple[Tensor, Tensor]:
        """Mix images with (N,) targets of K classes; the targets may become (N, K) shares of the classes."""


class Images(Protocol):
    """L images, or what stands for them."""

    def images(self, rows: NDArray[np.int64]) -> Tensor:
        """Those at (n,) positions, first dimension n."""


class LabeledBatches:
    """Augmented labelled images with their targets.

    Args:
        pool: L labelled images.
        labels: (L,) class indices.
        classes: Number of classes.
        augment: Changes a batch at random.
        batch: Images a step.
        sampling: "balanced" (as many of each class) or "natural" (as frequent as they are).
        seed: Of the order.
        device: Where the batch is wanted.
        rank: Number of this process; it gets its slice of each batch.
        world_size: Number of processes.
    """

    def __init__(
        self,
        pool: Images,
        labels: NDArray[np.int64],
        *,
        classes: int,
        augment: MixingView,
        batch: int,
        sampling: str,
        seed: int,
        device: torch.device,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.pool, self.labels, self.classes = pool, labels, classes
        self.augment, self.device = augment, device
        draw = partial(balanced, labels) if sampling == "balanced" else partial(natural, len(labels))
        self.sampler = partial(draw, batch=batch, seed=seed, rank=rank, world_size=world_size)

    def __call__(self, step: int) -> Batch:
        """The batch of a step, numbered from 0."""
        rows = self.sampler(step=step)
        targets = torch.from_numpy(self.labels[rows]).to(self.device)
        images, targets = self.augment.mix(self.augment(self.pool.images(rows)), targets, self.classes)
        return Batch(images, targets, metadata={"step": step})


class UnlabeledImages:
    """Unlabelled images as they are, gone through again and again, or each as often as it is told to come.

    Args:
        pool: U images.
        batch: Images a step.
        seed: Of the order.
        shares: (U,) of the draws, adding up to 1; None for all alike.
        rank: Number of this process; it gets its slice of each batch.
        world_size: Number of processes.

    Raises:
        CorpusError: There are fewer images than a batch holds.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        batch: int,
        seed: int,
        shares: NDArray[np.float64] | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if len(pool) < batch:
            raise CorpusError(
                f"a step wants {batch:,} unlabelled images, but there are {len(pool):,}. Lower unlabeled.batch of the "
                f"method to {len(pool):,} or less, or train one that needs none, such as `--pipeline=supervised`."
            )
        self.pool = pool
        draw = partial(unlabeled, len(pool)) if shares is None else partial(weighted, shares)
        self.sampler = partial(draw, batch=batch, seed=seed, rank=rank, world_size=world_size)

    def __call__(self, step: int) -> tuple[Tensor, NDArray[np.int64]]:
        """(B, 3, H, W) images of a step and their (B,) positions in the pool."""
        rows = self.sampler(step=step)
        return self.pool.images(rows), rows


class SemiSupervisedBatches:
    """Labelled images, and those views of unlabelled ones that an algorithm declares.

    Args:
        labeled: The labelled part.
        unlabeled: The unlabelled images.
        weak: Changes an image a little.
        strong: Changes an image a lot.
        views: Which of the two are made.
    """

    def __init__(
        self, labeled: LabeledBatches, unlabeled: UnlabeledImages, *, weak: View, strong: View, views: Sequence[str]
    ) -> None:
        self.labeled, self.unlabeled = labeled, unlabeled
        self.weak, self.strong, self.views = weak, strong, views

    def __call__(self, step: int) -> Batch:
        """The batch of a step, numbered from 0."""
        batch = self.labeled(step)
        images, rows = self.unlabeled(step)
        makers = {"weak": self.weak, "strong": self.strong}
        made = {view: maker(images) for view, maker in makers.items() if view in self.views}
        return batch._replace(**made, metadata={**batch.metadata, "rows": torch.from_numpy(rows)})
