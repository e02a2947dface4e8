import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from nevus.metrics.evidence import divergence, evidence_lower_bound


def test_a_coin_for_every_pixel_costs_ln_2_a_pixel():
    nothing = torch.zeros(3, 2)
    found = evidence_lower_bound(torch.zeros(3, 1, 28, 28), torch.ones(3, 1, 28, 28), nothing, nothing)
    torch.testing.assert_close(found, torch.full((3,), -784 * math.log(2)))


def test_the_divergence_is_that_of_pytorch_and_0_for_the_prior():
    torch.manual_seed(0)
    mean, log_variance = torch.randn(4, 3), torch.randn(4, 3)
    known = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(divergence(mean, log_variance), known)
    assert torch.equal(divergence(torch.zeros(2, 5), torch.zeros(2, 5)), torch.zeros(2))


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.0, -0.5), (0.6, -0.3)])
def test_it_bounds_the_likelihood_from_below_and_reaches_it_only_with_the_true_posterior(mean, log_variance):
    """One pixel that is 1 with probability sigmoid(2 z): its likelihood is 1/2, by symmetry."""
    torch.manual_seed(0)
    draws = 200_000
    means, log_variances = torch.full((draws, 1), mean), torch.full((draws, 1), log_variance)
    latent = means + torch.randn(draws, 1) * (log_variances / 2).exp()
    found = evidence_lower_bound(2 * latent.view(-1, 1, 1, 1), torch.ones(draws, 1, 1, 1), means, log_variances).mean()
    assert found < math.log(0.5)
    assert (mean == 0.6) == (found > math.log(0.5) - 0.02)  # near the best normal one
