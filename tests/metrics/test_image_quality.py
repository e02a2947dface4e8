import tracemalloc

import numpy as np
import pytest
from prdc import compute_prdc

from nevus.contracts import CorpusError
from nevus.metrics.image_quality import (
    density_and_coverage,
    frechet_distance,
    image_quality,
    kernel_distance,
    quality_beside_floor,
)
from nevus.metrics.neighbours import radii
from nevus.metrics.options import ImageQualityOptions

OPTIONS = ImageQualityOptions(neighbours=5, subsets=10, subset_size=100)


def features(n=200, length=8, shift=0.0, scale=1.0, seed=0):
    drawn = np.random.default_rng(seed).normal(size=(n, length))
    return (shift + scale * drawn).astype(np.float32)


def cubic_mmd(first, second):
    """arXiv:1801.01401, equation 4, written out."""

    def kernel(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    same = [(kernel(x, x).sum() - np.trace(kernel(x, x))) / (len(x) * (len(x) - 1)) for x in (first, second)]
    return sum(same) - 2 * kernel(first, second).mean()


def test_the_frechet_distance_of_two_normal_distributions_is_known():
    n = 20_000
    shifted = frechet_distance(features(n), features(n, shift=0.5, seed=1))
    assert shifted == pytest.approx(8 * 0.5**2, rel=0.05)
    scaled = frechet_distance(features(n), features(n, scale=2.0, seed=1))
    assert scaled == pytest.approx(8 * (2 - 1) ** 2, rel=0.05)
    assert frechet_distance(features(), features()) == pytest.approx(0, abs=1e-3)


def test_the_kernel_distance_is_the_unbiased_discrepancy():
    first, second = features(120).astype(np.float64), features(120, shift=0.3, seed=1).astype(np.float64)
    whole = ImageQualityOptions(neighbours=5, subsets=1, subset_size=1000)  # all images where there are fewer
    assert kernel_distance(first, second, options=whole, seed=0) == pytest.approx(cubic_mmd(first, second), rel=1e-5)
    assert kernel_distance(first, second, options=OPTIONS, seed=1) == kernel_distance(
        first, second, options=OPTIONS, seed=1
    )


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.4, 1.0), (0.0, 0.5), (3.0, 1.0)])
@pytest.mark.parametrize("neighbours", [1, 5])
def test_density_and_coverage_are_those_of_the_authors(shift, scale, neighbours):
    real, generated = features(150), features(180, shift=shift, scale=scale, seed=1)
    found = density_and_coverage(real, generated, neighbours=neighbours)
    theirs = compute_prdc(real, generated, nearest_k=neighbours)
    assert found == pytest.approx((theirs["density"], theirs["coverage"]), abs=1e-6)


def test_precision_and_recall_agree_with_the_authors_of_density():
    real, generated = features(150), features(180, shift=0.4, seed=1)
    found = image_quality(real, generated, extractor="x", options=OPTIONS, seed=0)
    theirs = compute_prdc(real, generated, nearest_k=5)
    assert found["precision_x"] == pytest.approx(theirs["precision"], abs=0.01)
    assert found["recall_x"] == pytest.approx(theirs["recall"], abs=0.01)


def test_images_of_one_mode_are_precise_and_cover_nothing():
    real = features(300)
    one = np.repeat(real[:1], 300, axis=0) + features(300, scale=0.01, seed=2)
    found = image_quality(real, one, extractor="x", options=OPTIONS, seed=0)
    assert found["precision_x"] == 1
    assert found["coverage_x"] < 0.2
    assert found["recall_x"] < 0.1


def test_only_inception_makes_an_fid():
    args = {"options": OPTIONS, "seed": 0}
    lite = image_quality(features(), features(seed=1), extractor="lite0", **args)
    inception = image_quality(features(), features(seed=1), extractor="inception", **args)
    assert list(lite) == [
        "fd_lite0",
        "kd_lite0",
        *(f"{n}_lite0" for n in ("precision", "recall", "density", "coverage")),
    ]
    assert list(inception)[:2] == ["fid", "kid"]
    assert list(lite.values()) == list(inception.values())


def test_the_floor_is_of_as_many_real_images_against_the_same_ones():
    real, other, generated = features(300), features(90, seed=1), features(400, shift=1.0, seed=2)
    table = quality_beside_floor(real, other, generated, extractor="x", options=OPTIONS, seed=0).set_index("metric")
    assert (table["images"] == 90).all()
    assert (table["real_images"] == 300).all()
    assert table.loc["fd_x", "floor"] == pytest.approx(frechet_distance(real, other), rel=1e-6)
    assert table.loc["fd_x", "value"] > table.loc["fd_x", "floor"] > 0
    assert table.loc["coverage_x", "value"] < table.loc["coverage_x", "floor"]
    same = quality_beside_floor(real, other, other, extractor="x", options=OPTIONS, seed=0).set_index("metric")
    assert same.loc["fd_x", "value"] == pytest.approx(same.loc["fd_x", "floor"], rel=1e-4)


def test_the_radius_reaches_the_kth_of_the_others():
    line = np.array([[0.0], [1.0], [3.0], [7.0]], dtype=np.float32)
    assert radii(line, 1).tolist() == [1, 1, 2, 4]
    assert radii(line, 2).tolist() == [3, 2, 3, 6]
    assert radii(np.zeros((3, 2), dtype=np.float32), 1).tolist() == [0, 0, 0]  # a copy is another image


@pytest.mark.parametrize(
    ("real", "generated", "said"),
    [
        (features(), features(5), "there are 200 real and 5 generated"),
        (features(), features(length=7), "8 features, generated ones 7"),
        (features(), features() * np.nan, "no numbers"),
    ],
)
def test_what_cannot_be_compared_is_refused(real, generated, said):
    with pytest.raises(CorpusError, match=said):
        image_quality(real, generated, extractor="x", options=OPTIONS, seed=0)


@pytest.mark.slow
def test_memory_stays_flat_for_as_many_images_as_there_are():
    real, generated = features(10_000, length=64), features(7_000, length=64, seed=1)
    tracemalloc.start()
    density_and_coverage(real, generated, neighbours=5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 250 * 2**20  # a matrix of all distances takes 280 in float32, 560 in float64
