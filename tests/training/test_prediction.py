import numpy as np
import pytest
import torch

from nevus.training.averaging import averaged
from nevus.training.prediction import batch_that_fits, predict_probabilities, symmetries
from nevus.training.runtime import Runtime, prediction_runtime
from tests.training.fakes import network, two_colours

CPU = prediction_runtime("cpu")


class Lazy:
    """Pixels that can only be read a slice at a time."""

    def __init__(self, pixels):
        self.pixels, self.read = pixels, []

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, rows):
        self.read.append(len(range(*rows.indices(len(self.pixels)))))
        return self.pixels[rows]


class Watched(torch.nn.Module):
    """A network that notes in what it computes."""

    def __init__(self):
        super().__init__()
        self.network, self.seen = network(), set()

    def forward(self, x):
        logits = self.network(x)
        self.seen.add((len(x), logits.dtype, torch.backends.cudnn.allow_tf32, self.training))
        return logits


def test_rows_add_up_to_one_whatever_the_batch():
    pixels, _ = two_colours(10)
    whole = predict_probabilities(network(), pixels, average_d4=True, runtime=CPU)
    parts = predict_probabilities(network(), pixels, average_d4=True, runtime=CPU, batch=3)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(whole, parts, atol=1e-6)


def test_averaging_makes_the_prediction_blind_to_symmetries():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    turned = np.ascontiguousarray(np.rot90(pixels, axes=(1, 2))[:, ::-1])
    model = network()
    np.testing.assert_allclose(
        predict_probabilities(model, pixels, average_d4=True, runtime=CPU),
        predict_probabilities(model, turned, average_d4=True, runtime=CPU),
        atol=1e-6,
    )
    plain = predict_probabilities(model, pixels, average_d4=False, runtime=CPU)
    other = predict_probabilities(model, turned, average_d4=False, runtime=CPU)
    assert np.abs(plain - other).max() > 1e-6


def test_the_eight_symmetries_differ():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    assert len({tuple(view.flatten().tolist()) for view in symmetries(image)}) == 8


def test_pixels_are_read_a_batch_at_a_time():
    pixels, _ = two_colours(10)
    lazy = Lazy(pixels)
    found = predict_probabilities(network(), lazy, average_d4=False, runtime=CPU, batch=4)
    assert max(lazy.read) == 4
    expected = predict_probabilities(network(), pixels, average_d4=False, runtime=CPU, batch=4)
    np.testing.assert_array_equal(found, expected)


def test_no_images_make_no_rows():
    empty = np.zeros((0, 16, 16, 3), dtype=np.uint8)
    assert predict_probabilities(network(), empty, average_d4=True, runtime=CPU).shape == (0, 2)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_precision_is_the_one_asked_for_whatever_surrounds_it(precision):
    model, before = Watched(), torch.backends.cudnn.allow_tf32
    pixels, _ = two_colours(4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = predict_probabilities(model, pixels, average_d4=False, runtime=Runtime(torch.device("cpu"), precision))
    assert model.seen == {(4, precision, False, False)}
    assert found.dtype == np.float32
    assert torch.backends.cudnn.allow_tf32 == before


def test_an_averaged_network_predicts_as_the_network_it_is_the_average_of():
    pixels, _ = two_colours(6)
    np.testing.assert_array_equal(
        predict_probabilities(averaged(network(), 0.9), pixels, average_d4=True, runtime=CPU),
        predict_probabilities(network(), pixels, average_d4=True, runtime=CPU),
    )


def test_the_model_is_moved_to_where_it_computes():
    model = network().to("meta")
    with pytest.raises(NotImplementedError, match="meta"):  # weights without values cannot be moved: it was tried
        predict_probabilities(model, two_colours(2)[0], average_d4=False, runtime=CPU)


@pytest.mark.parametrize(("size", "batch"), [(16, 128), (32, 128), (64, 128), (128, 85), (224, 27), (2048, 1)])
def test_large_images_come_in_smaller_batches(size, batch):
    assert batch_that_fits(network(), np.zeros((1, size, size, 3), dtype=np.uint8)) == batch


def test_the_batch_fits_the_size_that_the_network_works_at():
    model, small = network(), np.zeros((1, 32, 32, 3), dtype=np.uint8)
    model.resize = 224
    assert batch_that_fits(model, small) == batch_that_fits(averaged(model, 0.9), small) == 27


def test_a_model_that_is_looked_at_while_it_trains_goes_on_in_its_modes():
    model = torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(3 * 4 * 4, 2)).train()
    model[0].eval()
    predict_probabilities(model, np.zeros((2, 4, 4, 3), dtype=np.uint8), average_d4=False, runtime=prediction_runtime())
    assert [part.training for part in model] == [False, True, True]
    assert model[0].num_batches_tracked == 0
