"""Unsupervised data augmentation (arXiv:1904.12848, section 2): a strong view is what its weak view is, made surer."""

from pydantic import Field
from torch import Tensor

from nevus.algorithms.fixmatch import FixMatch, FixMatchOptions


class UdaOptions(FixMatchOptions):
    """FixMatch's, and how sharp the targets are.

    Attributes:
        temperature: Below 1 the targets are surer than the predictions.
    """

    temperature: float = Field(gt=0)


class Uda(FixMatch):
    """Learn sharpened probabilities of sure weak views."""

    Options = UdaOptions

    def targets(self, probabilities: Tensor) -> Tensor:
        """Probabilities to the power 1 / temperature, adding up to 1."""
        return sharpen(probabilities, self.options.temperature)


def sharpen(probabilities: Tensor, temperature: float) -> Tensor:
    """(U, K) probabilities to surer ones (below a temperature of 1), or less sure ones (above)."""
    return (probabilities.clamp(min=1e-12).log() / temperature).softmax(dim=1)
