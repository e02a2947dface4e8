"""How well a variational autoencoder explains images: its lower bound of their log-likelihood, in nats."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def evidence_lower_bound(logits: Tensor, pixels: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """The bound for Bernoulli pixels, with one latent vector an image (arXiv:1312.6114, equations 7 and 10).

    It is a bound of the likelihood of pixels that are 0 or 1, as of binarised digits. Pixels between may be given, such
    as grey levels, but then it is a bound of nothing and cannot be compared with published numbers.

    Args:
        logits: (N, C, H, W) of a pixel being 1, decoded from a draw of the latent distribution.
        pixels: (N, C, H, W) in [0, 1].
        mean: (N, L) of the latent distribution.
        log_variance: (N, L) likewise; the prior is standard normal.

    Returns:
        (N,) nats an image, summed over its pixels; a loss is the negative mean.
    """
    from torch.nn import functional as F

    missed = F.binary_cross_entropy_with_logits(logits, pixels, reduction="none").flatten(1).sum(dim=1)
    return -missed - divergence(mean, log_variance)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(N,) nats from (N, L) normal distributions to the standard normal one (arXiv:1312.6114, appendix B)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(dim=1) / 2
