"""Nodes that show what policies do to training images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.augment.operations import OperationOptions
from nevus.augment.options import Policies
from nevus.contracts import Corpus, Figure, Pixels, Table
from nevus.pipelines.augmentation.params import AugmentationParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

WHOLE = "all"  # in the column `operation`: the policy as a whole


def draw_policies(training: Corpus, policies: Policies, options: AugmentationParams) -> dict[str, Figure]:
    """Show a few training images and draws of each policy.

    Args:
        training: The corpus after splitting; only its labelled images are looked at.
        policies: All of them.
        options: How many images and draws.

    Returns:
        A figure a policy, by its name.
    """
    from nevus.plots.policy_sheet import policy_sheet

    pixels, labels = _some(training, options.images)
    return {
        name: policy_sheet(
            pixels,
            _views(pixels, labels, policy, options),
            name=name,
            operations=", ".join(operation.name for operation in policy) or "nothing is changed",
        )
        for name, policy in policies.root.items()
    }


def measure_colours(training: Corpus, policies: Policies, options: AugmentationParams) -> Table:
    """Measure how far each operation moves the colours that the classes differ by.

    A change that moves them by 1 moves an image's colours as far as the classes lie apart: colour then tells little.

    Args:
        training: The corpus after splitting; only its labelled images are looked at.
        policies: All of them.
        options: How many images.

    Returns:
        One row a policy and operation, and a row `all` a policy: `policy`, `operation`, `moved`, `shifted`.
    """
    import pandas as pd

    from nevus.metrics.floors import colour_statistics
    from nevus.metrics.movement import movement

    pixels, labels = _some(training, options.measured)
    before = colour_statistics(pixels)
    rows = []
    for name, policy in policies.root.items():
        parts = [(WHOLE, policy), *((operation.name, (operation,)) for operation in policy)]
        for operation, part in parts:
            single = [one for one in part if not one.mixes]
            after = colour_statistics(_changed(pixels, single, options.seed))
            rows.append((name, operation, *movement(before, after, labels)))
    return pd.DataFrame(rows, columns=["policy", "operation", "moved", "shifted"])


def _some(training: Corpus, count: int) -> tuple[Pixels, NDArray[np.int64]]:
    """About so many labelled images, as many of each class where it has them."""
    import numpy as np

    from nevus.corpus.views import labeled_images

    pixels, labels = labeled_images(training)
    each = max(1, count // len(training.classes))
    members = [np.flatnonzero(labels == number) for number in range(len(training.classes))]
    chosen = np.concatenate([one[np.linspace(0, len(one) - 1, min(each, len(one))).astype(int)] for one in members])
    return np.asarray(pixels[chosen]), labels[chosen]


def _views(
    pixels: Pixels, labels: NDArray[np.int64], policy: Sequence[OperationOptions], options: AugmentationParams
) -> Pixels:
    """(n, v, H, W, 3): draws of each image."""
    import numpy as np

    draws = [_changed(pixels, policy, options.seed + number, labels) for number in range(options.views)]
    return np.stack(draws, axis=1)


def _changed(
    pixels: Pixels, policy: Sequence[OperationOptions], seed: int, labels: NDArray[np.int64] | None = None
) -> Pixels:
    """One draw of each image; with labels, images are mixed too."""
    import torch

    from nevus.augment.policy import Augment
    from nevus.training.images import to_images, to_pixels
    from nevus.training.runtime import seeded

    augment = Augment(policy)
    with seeded(seed), torch.no_grad():
        images = augment(to_images(pixels))
        if labels is not None:
            images, _ = augment.mix(images, torch.from_numpy(labels), int(labels.max()) + 1)
    return to_pixels(images)
