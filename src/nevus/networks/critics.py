"""Critics: one score an image, above 0 where it looks real to them."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from nevus.contracts import NevusError
from nevus.networks.conditions import Head, classes_of
from nevus.networks.discriminators import Wrap
from nevus.networks.gan_options import CriticBase


class CriticNetwork(nn.Module, ABC):
    """Images to features, features to a score.

    Args:
        options: Of the critic.
        features: Length F of the feature vectors.
        classes: Number of classes of the corpus; only a conditional critic knows them.
        wrap: What is done to the weights of the head.
    """

    def __init__(self, options: CriticBase, *, features: int, classes: int, wrap: Wrap) -> None:
        super().__init__()
        self.head = Head(features, classes_of(options.conditional, classes), wrap)

    @abstractmethod
    def embed(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to (N, F)."""

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, 3, H, W) in [-1, 1], and (N,) classes of a conditional critic, to (N,) scores.

        Raises:
            NevusError: Classes are missing, or the critic is not conditional.
        """
        scores: Tensor = self.head(self.embed(images), labels)
        return scores


def ensure_halvings(depth: int, size: int, *, halvings: int) -> None:
    """See that images of this size in pixels can be halved so many times.

    Raises:
        NevusError: They cannot.
    """
    if size < 2**halvings:
        raise NevusError(
            f"a critic of {depth} stages needs images of at least {2**halvings} pixels, but they have {size}. Lower "
            "the depth of the method's critic (such as synthesis.critic.depth), or raise ingestion.size."
        )
