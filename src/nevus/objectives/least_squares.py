"""Least squares (arXiv:1611.04076, equation 9): scores of 1 for real images, of 0 for generated ones."""

from torch import Tensor

from nevus.objectives._game import Game


class LeastSquares(Game):
    """Scores too far on the right side cost as much as those on the wrong one, so gradients do not vanish."""

    def discriminator_cost(self, real: Tensor, fake: Tensor) -> Tensor:
        """1/2 where all scores are 0, 1/4 where all are 1/2."""
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator_cost(self, fake: Tensor) -> Tensor:
        """1/2 where all scores are 0."""
        return (fake - 1).square().mean() / 2

    def margin(self, real: Tensor, fake: Tensor) -> Tensor:
        """Above the middle between the two marks."""
        return real - 0.5
