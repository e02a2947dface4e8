"""The loss on labelled images: cross-entropy with weights, smoothing and focus, for class indices or shares."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nevus.training.options import LossOptions


class LabeledLoss:
    """Called with (N, K) logits and (N,) class indices or (N, K) shares of the classes; a scalar in nats.

    With weights it is the weighted mean over the images. Focal loss (arXiv:1708.02002, section 3.2) gives each class's
    term the factor (1 - p)^gamma, so that images that are known already count less.

    Args:
        options: Smoothing, gamma, weights.
        counts: Labelled images of each class.
    """

    def __init__(self, options: LossOptions, counts: Sequence[int]) -> None:
        self.smoothing, self.gamma = options.label_smoothing, options.focal_gamma
        self.weights = class_weights(counts) if options.class_weights == "balanced" else None

    def __call__(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The loss."""
        if self.weights is None and not self.gamma:
            return F.cross_entropy(logits, targets, label_smoothing=self.smoothing)
        classes = logits.shape[1]
        shares = F.one_hot(targets, classes).to(logits.dtype) if targets.ndim == 1 else targets
        logs = logits.log_softmax(dim=1)
        smooth = shares * (1 - self.smoothing) + self.smoothing / classes
        terms = -(smooth * logs * (1 - logs.exp()).clamp(min=0) ** self.gamma).sum(dim=1)
        if self.weights is None:
            return terms.mean()
        weights = shares @ self.weights.to(logits)
        return (terms * weights).sum() / weights.sum()


def class_weights(counts: Sequence[int]) -> Tensor:
    """(K,): n / (K * n_k), so that each class weighs the same in all and the mean weight of an image is 1."""
    images = torch.tensor(counts, dtype=torch.float32)
    return images.sum() / (len(counts) * images)


def set_output_bias(network: nn.Module, counts: Sequence[int]) -> None:
    """Let a network answer with the shares of the classes before it has learnt anything.

    Args:
        network: Its last linear layer gives the logits.
        counts: Labelled images of each class.
    """
    *_, last = (module for module in network.modules() if isinstance(module, nn.Linear))
    shares = torch.tensor(counts, dtype=torch.float32) / sum(counts)
    with torch.no_grad():
        last.bias.copy_(shares.log())
