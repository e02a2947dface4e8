"""The hinge game (arXiv:1705.02894; arXiv:1802.05957, equations 16 and 17)."""

from torch import Tensor
from torch.nn import functional as F

from nevus.objectives._game import Game


class Hinge(Game):
    """Scores beyond the margin of 1 teach the discriminator nothing."""

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """2 where all scores are 0; 0 where real ones are above 1 and generated ones below -1."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator_cost(self, fake: Tensor) -> Tensor:
        """The negative mean score."""
        return -fake.mean()
