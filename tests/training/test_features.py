"""Features that are computed once."""

import numpy as np
import torch

from nevus.training.features import FeaturePool, embed, embed_views, train_head_alone
from nevus.training.images import to_images
from nevus.training.prediction import symmetries
from nevus.training.runtime import Runtime
from tests.training.fakes import network

CPU = Runtime(torch.device("cpu"), torch.float32)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_features_are_those_that_the_head_gets():
    model = network().eval()
    features = embed(model, PIXELS, average_d4=False, runtime=CPU)
    with torch.no_grad():
        expected, logits = model(to_images(PIXELS), return_features=True)
        again = model(torch.from_numpy(features))
    assert features.shape == (5, model.feature_count)
    assert features.dtype == np.float32
    torch.testing.assert_close(torch.from_numpy(features), expected)
    torch.testing.assert_close(again, logits)


def test_the_mean_over_the_symmetries_does_not_depend_on_how_an_image_lies():
    model = network()
    lying = np.ascontiguousarray(np.rot90(PIXELS, axes=(1, 2)))
    first, second = (embed(model, pixels, average_d4=True, runtime=CPU) for pixels in (PIXELS, lying))
    np.testing.assert_allclose(first, second, atol=1e-5)
    single = [embed(model, np.asarray(view), average_d4=False, runtime=CPU) for view in views(PIXELS)]
    np.testing.assert_allclose(first, np.mean(single, axis=0), atol=1e-5)


def test_views_are_the_symmetries_of_each_image_and_come_a_batch_at_a_time():
    model = network()
    parts = list(embed_views(model, PIXELS, all_views=True, runtime=CPU))
    assert np.concatenate(parts).shape == (5, 8, model.feature_count)
    single = [embed(model, np.asarray(view), average_d4=False, runtime=CPU) for view in views(PIXELS)]
    np.testing.assert_allclose(np.concatenate(parts), np.stack(single, axis=1), atol=1e-5)


def views(pixels):
    planes = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    return [view.permute(0, 2, 3, 1).numpy() for view in symmetries(planes)]


def test_a_pool_of_features_gives_them_by_position():
    features = np.arange(12, dtype=np.float32).reshape(4, 3)
    pool = FeaturePool(features, CPU.device)
    assert len(pool) == 4
    assert pool.images(np.array([2, 0])).tolist() == [[6, 7, 8], [0, 1, 2]]


def test_the_head_alone_has_gradients():
    model = network()
    train_head_alone(model)
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {name for name, _ in model.named_parameters() if name.startswith("head.")}
