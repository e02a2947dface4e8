"""How frequent the classes are: where a network learns them, and by what it says among other images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nevus.contracts import Corpus
from nevus.pipelines.classifier.params import TrainingParams

if TYPE_CHECKING:
    from torch import Tensor


def labeled_counts(training: Corpus, params: TrainingParams) -> list[int]:
    """Labelled images of each class, with their copies."""
    import numpy as np

    from nevus.augment.corpus import with_training_copies
    from nevus.corpus.views import labeled_images

    _, labels = labeled_images(with_training_copies(training, params.copies))
    counts: list[int] = np.bincount(labels, minlength=len(training.classes)).tolist()
    return counts


def prior_of(params: TrainingParams, counts: Sequence[int]) -> list[float]:
    """How frequent each class is where the network learns it: as often as any other where batches are balanced."""
    if params.loop.sampling == "balanced" or params.loss.class_weights == "balanced":
        return [1 / len(counts)] * len(counts)
    return [count / sum(counts) for count in counts]


def estimated_shares(probabilities: Tensor, *, before: Sequence[float]) -> Tensor:
    """The (K,) shares of the classes among images, by what a network says of them: (n, K), and where it learnt it."""
    import numpy as np
    import torch

    from nevus.metrics.priors import estimate_by_em

    shares = estimate_by_em(probabilities.double().cpu().numpy(), np.array(before))
    return torch.from_numpy(shares).to(probabilities)
