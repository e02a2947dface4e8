"""The Wasserstein game (arXiv:1701.07875, equation 2) with a gradient penalty (arXiv:1704.00028, section 4)."""

from pydantic import field_validator
from torch import Tensor

from nevus.objectives._game import Game, GameOptions
from nevus.objectives._regularisers import RegularisersOptions


class WassersteinOptions(GameOptions):
    """Settings of the game; the gradient penalty must have a weight (10 in the paper)."""

    @field_validator("regularisers")
    @classmethod
    def _of_bounded_slope(cls, regularisers: RegularisersOptions) -> RegularisersOptions:
        if not regularisers.gradient_penalty.weight:
            raise ValueError(
                "leaves out the gradient penalty, without which the scores of a Wasserstein critic grow without end. "
                "Set gradient_penalty.weight above 0, such as 10"
            )
        return regularisers


class Wasserstein(Game):
    """The critic's scores are apart by the distance of the two distributions, as far as its slope is 1 at most."""

    Options = WassersteinOptions

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """The negative estimate of the distance."""
        return fake.mean() - real.mean()

    def generator_cost(self, fake: Tensor) -> Tensor:
        """The negative mean score."""
        return -fake.mean()

    def margin(self, real: Tensor, fake: Tensor) -> Tensor:
        """The difference of a pair: a score alone means nothing, since a constant added to all changes no loss."""
        return real - fake
