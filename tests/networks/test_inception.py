from pathlib import Path

import numpy as np
import pytest
import torch

from nevus.contracts import NevusError
from nevus.networks.inception import INCEPTION_SHA256, load_inception, quality_extractor
from nevus.networks.sources import checksum
from nevus.training.features import embed
from nevus.training.runtime import Runtime

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Random weights of the architecture, since the published ones are not on every machine."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Random(FeatureExtractorInceptionV3):
        def load_state_dict(self, state):
            """Keeps what it starts from."""

    file = tmp_path_factory.mktemp("inception") / "random.pth"
    empty = file.with_name("empty.pth")
    torch.save({}, empty)
    torch.manual_seed(0)
    torch.save(Random("x", ["2048"], feature_extractor_weights_path=empty).state_dict(), file)
    return file


def test_features_are_torch_fidelitys_of_the_grey_levels_in_whatever_precision(weights):
    network = load_inception(weights, checksum(weights)[:8])
    expected = network.layers(torch.from_numpy(PIXELS).permute(0, 3, 1, 2))[0]
    for precision in (torch.float32, torch.bfloat16):
        found = embed(network, PIXELS, average_d4=False, runtime=Runtime(torch.device("cpu"), precision))
        assert found.shape == (3, 2048)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_other_weights_than_the_published_ones_make_no_fid(weights):
    with pytest.raises(NevusError, match=f"wanted {INCEPTION_SHA256}"):
        quality_extractor(weights, size=16, side=32)


def test_weights_of_another_network_are_refused(tmp_path):
    file = tmp_path / "other.pth"
    torch.save({"fc.weight": torch.zeros(2, 3)}, file)
    with pytest.raises(NevusError, match="not those of torch-fidelity's InceptionV3"):
        load_inception(file, checksum(file))


def test_a_path_without_a_file_is_refused_and_nothing_is_downloaded(tmp_path):
    with pytest.raises(NevusError, match="no file of weights"):
        quality_extractor(tmp_path / "absent.pth", size=16, side=32)


def test_without_a_path_it_is_lite0_with_the_weights_of_the_installation():
    name, network = quality_extractor(None, size=16, side=32)
    assert name == "lite0"
    assert network.resize == 32
    first, second = (
        embed(network, PIXELS, average_d4=False, runtime=Runtime(torch.device("cpu"), torch.float32)) for _ in "ab"
    )
    assert first.shape == (3, 1280)
    assert np.array_equal(first, second)
