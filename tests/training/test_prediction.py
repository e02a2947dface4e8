import numpy as np
import torch

from nevus.training.prediction import predict_probabilities, symmetries
from tests.training.fakes import network, two_colours


def test_rows_add_up_to_one_whatever_the_batch():
    pixels, _ = two_colours(10)
    whole = predict_probabilities(network(), pixels, average_d4=True)
    parts = predict_probabilities(network(), pixels, average_d4=True, batch=3)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(whole, parts, atol=1e-6)


def test_averaging_makes_the_prediction_blind_to_symmetries():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    turned = np.ascontiguousarray(np.rot90(pixels, axes=(1, 2))[:, ::-1])
    model = network()
    np.testing.assert_allclose(
        predict_probabilities(model, pixels, average_d4=True),
        predict_probabilities(model, turned, average_d4=True),
        atol=1e-6,
    )
    plain = predict_probabilities(model, pixels, average_d4=False)
    assert np.abs(plain - predict_probabilities(model, turned, average_d4=False)).max() > 1e-6


def test_the_eight_symmetries_differ():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    assert len({tuple(view.flatten().tolist()) for view in symmetries(image)}) == 8
