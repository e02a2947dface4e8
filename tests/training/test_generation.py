"""Latent vectors and the images made of them."""

import numpy as np
import pytest
import torch
from torch import nn

from nevus.training.generation import between, draw_latents, generate, usual_labels
from nevus.training.runtime import prediction_runtime


class Grey(nn.Module):
    """The first number of a latent vector, or the class, as the grey of an image."""

    def forward(self, latent, labels=None):
        value = latent[:, 0] if labels is None else labels.float()
        return value.clamp(-1, 1).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)


def test_latents_are_standard_normal_and_a_smaller_draw_has_the_first_of_them():
    latents = draw_latents(2000, 8, seed=1)
    assert latents.mean().item() == pytest.approx(0, abs=0.03)
    assert latents.std().item() == pytest.approx(1, abs=0.03)
    torch.testing.assert_close(draw_latents(2, 8, seed=1), latents[:2])


def test_truncated_latents_stay_within_the_bound():
    assert draw_latents(2000, 8, seed=0, truncation=0.5).abs().max() <= 0.5


def test_a_way_starts_and_ends_where_it_should_and_keeps_its_length():
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    way = between(first, second, steps=5)
    assert way.shape == (1, 5, 2)
    torch.testing.assert_close(way[0, [0, -1]], torch.cat([first, second]))
    torch.testing.assert_close(way.norm(dim=2), torch.ones(1, 5))


def test_a_way_between_equal_or_opposite_vectors_is_straight():
    one = torch.tensor([[1.0, 2.0]])
    torch.testing.assert_close(between(one, one, steps=3), one.expand(1, 3, 2))
    torch.testing.assert_close(between(one, -one, steps=3)[0, 1], torch.zeros(2))


def test_images_are_made_in_batches_in_the_order_of_their_latents():
    latents = torch.linspace(-1, 1, 600)[:, None]
    made = generate(Grey(), latents, size=8, runtime=prediction_runtime("cpu"))
    assert made.shape == (600, 8, 8, 3)
    assert (np.diff(made[:, 0, 0, 0].astype(int)) >= 0).all()


def test_a_conditional_generator_is_told_the_classes_in_turn():
    labels = usual_labels(4, 2)
    made = generate(Grey(), torch.zeros(4, 1), size=8, runtime=prediction_runtime("cpu"), labels=labels)
    assert made[:, 0, 0, 0].tolist() == [128, 255, 128, 255]
