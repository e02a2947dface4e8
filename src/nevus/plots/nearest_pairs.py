"""Images beside the training images that they are nearest to: the eye judges what a rate of copies cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nevus.contracts import Pixels, TrainingError
from nevus.plots.style import GREY, INK, VERMILION, hide_ticks, literal, new_figure

_GAP = 2  # pixels between the two images of a pair
_INCHES = 1.05  # of an image


class Pairs(NamedTuple):
    """Images and what is nearest to each, the nearest pair first.

    Attributes:
        title: What the images are, such as "generated".
        images: (n, H, W, 3) uint8, turned as they are nearest.
        training: (n, H, W, 3) uint8, the training images.
        distance: (n,) of the features.
    """

    title: str
    images: Pixels
    training: Pixels
    distance: NDArray[np.float64]


def nearest_pairs(groups: Sequence[Pairs], *, threshold: float, title: str) -> Figure:
    """Draw a row of pairs a group; in a pair the image is above, its nearest training image below.

    Args:
        groups: Generated images, and held-out real ones to compare them with.
        threshold: Distance up to which an image counts as a copy, written under the pair.
        title: Of the figure.

    Raises:
        TrainingError: A group is empty.
    """
    if empty := [group.title for group in groups if not len(group.images)]:
        raise TrainingError(f"there are no pairs to draw of: {', '.join(empty)}. Measure more images.")
    columns = max(len(group.images) for group in groups)
    figure = new_figure(max(6.0, _INCHES * columns + 0.4), 0.9 + (2 * _INCHES + 0.75) * len(groups))
    said = f"Under a pair: the distance of its features. A copy: at most {threshold:.3g}."
    figure.suptitle(f"{title}\n{said}", x=0.01, ha="left", fontsize=12)
    parts = figure.subfigures(len(groups), 1, squeeze=False).ravel()
    for part, group in zip(parts, groups, strict=True):
        part.suptitle(
            f"{group.title} (above) and the nearest training image (below)", x=0.01, ha="left", fontsize=11, color=INK
        )
        cells = part.subplots(1, columns, squeeze=False).ravel()
        for place, axes in enumerate(cells):
            if place < len(group.images):
                _pair(axes, group, place, threshold)
            else:
                axes.set_visible(False)
    return literal(figure)


def _pair(axes: Axes, group: Pairs, place: int, threshold: float) -> None:
    image, training, distance = group.images[place], group.training[place], float(group.distance[place])
    gap = np.full((_GAP, image.shape[1], 3), 255, dtype=np.uint8)
    axes.imshow(np.concatenate([image, gap, training]), interpolation="nearest")
    copy = distance <= threshold
    words = f"{distance:.3g}, a copy" if copy else f"{distance:.3g}"
    axes.set_xlabel(words, fontsize=8, color=VERMILION if copy else GREY, fontweight="bold" if copy else "normal")
    hide_ticks(axes)
