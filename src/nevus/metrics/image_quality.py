"""How far generated images are from real ones, as a network sees them; beside how far real ones are from one another.

Every name carries the network that made the features. Only those of InceptionV3 with the published weights are called
FID (arXiv:1706.08500, section 3) and KID (arXiv:1801.01401, section 4); with another network the same formulas are a
Fréchet distance `fd_<network>` and a kernel distance `kd_<network>`, which cannot be compared with published numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError, Table
from nevus.metrics.neighbours import radii
from nevus.metrics.options import ImageQualityOptions

INCEPTION = "inception"
LEAST_IMAGES = 10
MEMORY = 64  # MiB of distances at a time


def image_quality(
    real: NDArray[Any], generated: NDArray[Any], *, extractor: str, options: ImageQualityOptions, seed: int
) -> dict[str, float]:
    """Compare two sets of features.

    The Fréchet distance falls with the number of images even where nothing else changes (arXiv:1911.07023), so compare
    at the same number of images only; the kernel distance is unbiased and may be a little below 0.

    Args:
        real: (n, F).
        generated: (m, F).
        extractor: Name of the network that made them; `INCEPTION` for InceptionV3.
        options: Neighbours and subsets.
        seed: Of the subsets.

    Returns:
        By name: `fid` and `kid`, or `fd_<extractor>` and `kd_<extractor>` (lower is better); `precision_<extractor>`,
        the share of generated images near a real one, and `recall_<extractor>`, the other way round
        (arXiv:1904.06991, section 2); `density_<extractor>`, by how many real images a generated one is surrounded,
        and `coverage_<extractor>`, the share of real images with a generated one nearby (arXiv:2002.09797, section 3).

    Raises:
        CorpusError: There are too few images, or features are no numbers or of different lengths.
    """
    require_comparable(real, generated, least=max(LEAST_IMAGES, options.neighbours + 2))
    density, coverage = density_and_coverage(real, generated, neighbours=options.neighbours)
    precision, recall = precision_and_recall(real, generated, neighbours=options.neighbours)
    distances = {
        distance_name("frechet", extractor): frechet_distance(real, generated),
        distance_name("kernel", extractor): kernel_distance(real, generated, options=options, seed=seed),
    }
    shares = {"precision": precision, "recall": recall, "density": density, "coverage": coverage}
    return distances | {f"{name}_{extractor}": value for name, value in shares.items()}


def quality_beside_floor(
    real: NDArray[Any],
    other: NDArray[Any],
    generated: NDArray[Any],
    *,
    extractor: str,
    options: ImageQualityOptions,
    seed: int,
) -> Table:
    """Compare generated images with real ones, and as many other real images with the same ones.

    Args:
        real: (n, F) what both are compared with.
        other: (m, F) of other real images; held-out ones where the generator has seen those of `real`.
        generated: (g, F).
        extractor: As above.
        options: As above.
        seed: Of the subsets, and of the choice of images where there are more of one than of the other.

    Returns:
        One row a metric: `metric`, `value`, `floor` (that of the real images), `images` (how many are compared, the
        same number for both: the smaller of m and g) and `real_images` (n).

    Raises:
        CorpusError: As above.
    """
    import pandas as pd

    count = min(len(other), len(generated))
    generator = np.random.default_rng(seed)
    drawn, beside = (generator.permutation(len(found))[:count] for found in (generated, other))
    values, floors = (
        image_quality(real, found, extractor=extractor, options=options, seed=seed)
        for found in (generated[drawn], other[beside])
    )
    rows = [
        {"metric": name, "value": value, "floor": floors[name], "images": count, "real_images": len(real)}
        for name, value in values.items()
    ]
    return pd.DataFrame(rows)


def distance_name(kind: str, extractor: str) -> str:
    """What a distance is called: `fid` and `kid` with InceptionV3 alone.

    Args:
        kind: "frechet" or "kernel".
        extractor: Name of the network.
    """
    letter = {"frechet": "f", "kernel": "k"}[kind]
    return f"{letter}id" if extractor == INCEPTION else f"{letter}d_{extractor}"


def frechet_distance(real: NDArray[Any], generated: NDArray[Any]) -> float:
    """Of two normal distributions with the means and covariances of the features (arXiv:1706.08500, equation 6)."""
    import torch
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

    first, second = (fid_features_to_statistics(torch.from_numpy(each)) for each in (real, generated))
    return float(fid_statistics_to_metric(first, second, False)[KEY_METRIC_FID])


def kernel_distance(real: NDArray[Any], generated: NDArray[Any], *, options: ImageQualityOptions, seed: int) -> float:
    """Unbiased squared maximum mean discrepancy, cubic kernel, mean over subsets (arXiv:1801.01401, section 4)."""
    import torch
    from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

    size = min(options.subset_size, len(real), len(generated))
    found = kid_features_to_metric(
        torch.from_numpy(real),
        torch.from_numpy(generated),
        kid_subsets=options.subsets,
        kid_subset_size=size,
        rng_seed=seed,
        verbose=False,
    )
    return float(found[KEY_METRIC_KID_MEAN])


def precision_and_recall(real: NDArray[Any], generated: NDArray[Any], *, neighbours: int) -> tuple[float, float]:
    """Shares of generated images within reach of a real one, and the other way round (arXiv:1904.06991, section 2)."""
    import torch
    from torch_fidelity.metric_prc import KEY_METRIC_PRECISION, KEY_METRIC_RECALL, prc_features_to_metric

    rows = max(1, MEMORY * 2**20 // (4 * max(len(real), len(generated))))
    found = prc_features_to_metric(
        torch.from_numpy(generated),
        torch.from_numpy(real),
        prc_neighborhood=neighbours,
        prc_batch_size=rows,
        save_cpu_ram=True,
        verbose=False,
    )
    return float(found[KEY_METRIC_PRECISION]), float(found[KEY_METRIC_RECALL])


def density_and_coverage(real: NDArray[Any], generated: NDArray[Any], *, neighbours: int) -> tuple[float, float]:
    """By how many real images a generated one is surrounded, and which real ones have one nearby.

    arXiv:2002.09797, section 3. A real image reaches as far as its k-th nearest real neighbour.

    Args:
        real: (n, F), n > k.
        generated: (m, F).
        neighbours: k.

    Returns:
        Density, 1 on average where both come from one distribution, without an upper bound; coverage, at most 1.
    """
    from sklearn.metrics import pairwise_distances_chunked

    reach = radii(real, neighbours)
    inside, covered = 0, np.zeros(len(real), dtype=bool)
    for distances in pairwise_distances_chunked(generated, real, working_memory=MEMORY):
        near = distances < reach
        inside += int(near.sum())
        covered |= near.any(axis=0)
    return inside / (neighbours * len(generated)), float(covered.mean())


def require_comparable(real: NDArray[Any], generated: NDArray[Any], *, least: int) -> None:
    """Refuse features that no distance can be taken of.

    Raises:
        CorpusError: There are too few images, or features are no numbers or of different lengths.
    """
    fewest = min(len(real), len(generated))
    if fewest < least:
        raise CorpusError(
            f"the quality of images is measured on {least} of each kind at least, but there are {len(real)} real and "
            f"{len(generated)} generated ones. Generate more, or lower neighbours."
        )
    if real.shape[1] != generated.shape[1]:
        raise CorpusError(
            f"real images have {real.shape[1]} features, generated ones {generated.shape[1]}. Make both by one network."
        )
    if not (np.isfinite(real).all() and np.isfinite(generated).all()):
        raise CorpusError("some features are no numbers, so no distance can be taken. Look at the generated images.")
