"""What all classifier networks have in common."""

from abc import ABC, abstractmethod
from typing import Literal, overload

from torch import Tensor, nn

from nevus.contracts import NevusError, Pixels
from nevus.networks.inputs import Input
from nevus.networks.options import InputOptions


class ClassifierNetwork(nn.Module, ABC):
    """Images as the corpus has them to class logits, by way of one feature vector an image.

    `forward_features` and `forward_head` are named as in timm. Whoever wants both calls the network once with
    `return_features=True`, so that wrappers for distribution, compilation and averaging see one forward pass.

    Args:
        options: How images are taken in.

    Attributes:
        feature_count: Length F of the feature vector.
        resize: Height and width that the network works at, or None for those of the images.
    """

    feature_count: int

    def __init__(self, options: InputOptions) -> None:
        super().__init__()
        self.input = Input(options)
        self.resize = options.resize

    @abstractmethod
    def embed(self, x: Tensor) -> Tensor:
        """(N, 3, R, R) as the input layer leaves them to (N, F) features."""

    @abstractmethod
    def forward_head(self, features: Tensor) -> Tensor:
        """(N, F) to (N, K) logits."""

    def forward_features(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] to (N, F)."""
        return self.embed(self.input(x))

    @overload
    def forward(self, x: Tensor, return_features: Literal[False] = False) -> Tensor: ...

    @overload
    def forward(self, x: Tensor, return_features: Literal[True]) -> tuple[Tensor, Tensor]: ...

    def forward(self, x: Tensor, return_features: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(N, 3, H, W) in [-1, 1] to (N, K) logits, or to (N, F) features and (N, K) logits.

        (N, F) features that were computed before go straight to the head.
        """
        features = x if x.ndim == 2 else self.forward_features(x)
        logits = self.forward_head(features)
        return (features, logits) if return_features else logits

    def fit_input(self, pixels: Pixels) -> None:
        """Take from the training images what the input normalisation needs to know; nothing unless it is "feature".

        Args:
            pixels: (N, H, W, 3) uint8, may be memory-mapped; read in chunks.
        """
        self.input.fit(pixels)


def ensure_size(options: InputOptions, size: int, *, least: int, reason: str, remedy: str | None = None) -> int:
    """The height and width at which a network sees the images, if it can work at it.

    Args:
        options: Of the network.
        size: Height and width of the images of the corpus in pixels.
        least: The smallest that the network can work at.
        reason: Why: "a network of 3 stages halves the image 3 times".
        remedy: What may be changed instead of the size: "Lower classifier.network.depth".

    Raises:
        NevusError: It sees fewer pixels.
    """
    seen = options.resize or size
    if seen < least:
        change = f"{remedy} or raise" if remedy else "Raise"
        raise NevusError(
            f"{reason} and needs at least {least} pixels, but it sees {seen}. {change} classifier.network.resize, or "
            "that of the method's own network."
        )
    return seen
