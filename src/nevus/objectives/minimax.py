"""The original game (arXiv:1406.2661, section 3, equation 1): binary cross-entropy, one value for both networks."""

from torch import Tensor
from torch.nn import functional as F

from nevus.objectives._game import Game


def cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    """-log D of real images and -log (1 - D) of generated ones, with D the sigmoid of the score.

    Args:
        real: (N,) scores.
        fake: (M,) scores.

    Returns:
        Scalar in nats; 2 ln 2 where D is 1/2 everywhere.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


class Minimax(Game):
    """Both play for the same cross-entropy. Its gradients vanish for a generator whose images are told apart."""

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """In nats."""
        return cross_entropy(real, fake)

    def generator_cost(self, fake: Tensor) -> Tensor:
        """Log (1 - D) of its images, in nats: at most 0, and -ln 2 where D is 1/2."""
        return -F.softplus(fake).mean()
