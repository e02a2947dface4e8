"""Images that look like masks of lesions, told by their pixels and not by their names.

A mask has two colours, each the same wherever it stands; skin never has. A picture looks like one where at least `FLAT`
of its points lie within `LEVEL` of two colours. Among 8,608 dermatoscopic images of four data sets (most of them of 32
pixels, the others brought to 32, 64 and 224), the highest share is 0.65. Among drawn masks (black and white, grey,
coloured, JPEG of quality 50, at the same sizes) the lowest is 0.88: edges blur where a picture is made small.

Superpixels are numbered by colour, the first channels first, so that the last channel is constant while another takes
all values. No photograph in these data sets has such a channel.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import Corpus, Pixels, Table
from nevus.corpus.padding_bars import of_pictures, picture_boxes
from nevus.corpus.resize import Policy

MASK_COLUMNS = ("image_id", "split", "class", "reason")
TWO_COLOURS, NUMBERED, NOT_A_MASK = 1, 2, 0
REASONS = {TWO_COLOURS: "two colours and no skin", NUMBERED: "colours that number areas, and no skin"}
FLAT, LEVEL = 0.8, 4  # share of the points; levels of 255, in each channel
APART = 40  # levels of 255 between the two colours, in one channel at least
LEAST = 0.003  # of the points: the rarer colour; one alone is an empty picture
CONSTANT, VARIED = 4, 64  # levels of 255 between the smallest and the largest value of a channel
GREY = 8  # levels of 255 between the channels of a point, at most
NEARLY_ALL = 0.9  # of the images

_SIDE = 32  # points looked at along each side: at least so many, less than twice as many
_BLOCK = 512  # images looked at together


def find_masks(corpus: Corpus, *, resize: Policy) -> Table:
    """List the images in use that look like masks.

    Among grey pictures alone, such as handwritten digits, many look so; there they are listed only where nearly all
    do.

    Args:
        corpus: All packed images; in the manifest, `split` and `label` as from `audit.placed`.
        resize: How they were brought to a square: bars beside a picture are not looked at.

    Returns:
        `MASK_COLUMNS`, a row an image, in the order of the manifest.
    """
    table = corpus.manifest
    boxes = picture_boxes(table, corpus.pixels.shape[1], resize)
    judged = of_pictures(judge, corpus.pixels, table["row"].to_numpy(dtype=np.int64), boxes)
    kinds, is_grey = judged[:, 0], judged[:, 1] > 0
    if len(table) and is_grey.all() and (kinds != NOT_A_MASK).mean() < NEARLY_ALL:
        kinds = np.zeros_like(kinds)
    found = (kinds != NOT_A_MASK) & table["split"].isin(["labeled", "validation", "unlabeled", "test"]).to_numpy()
    names = table.loc[found, "label"].map(dict(enumerate(corpus.classes))).astype("object")
    return pd.DataFrame(
        {
            "image_id": table.loc[found, "image_id"],
            "split": table.loc[found, "split"],
            "class": names.where(names.notna(), "no label"),
            "reason": [REASONS[kind] for kind in kinds[found]],
        },
        columns=list(MASK_COLUMNS),
    ).reset_index(drop=True)


def judge(pixels: Pixels, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Judge each image by points on a grid, a block of images at a time.

    Args:
        pixels: (N, H, W, 3) uint8, possibly memory-mapped.
        rows: (n,) positions of those wanted.

    Returns:
        (n, 2): NOT_A_MASK, TWO_COLOURS or NUMBERED, and 1 where no point has a colour.
    """
    down, across = (max(1, length // _SIDE) for length in pixels.shape[1:3])
    blocks = (pixels[rows[start : start + _BLOCK], ::down, ::across] for start in range(0, len(rows), _BLOCK))
    judged = [_judge(np.asarray(block).reshape(len(block), -1, 3).astype(np.int16)) for block in blocks]
    return np.concatenate(judged) if judged else np.empty((0, 2), dtype=np.int64)


def _judge(points: NDArray[np.int16]) -> NDArray[np.int64]:
    extent = points.max(axis=1) - points.min(axis=1)  # (n, 3)
    numbered = (extent.min(axis=1) <= CONSTANT) & (extent.max(axis=1) >= VARIED)
    free = np.ones(points.shape[:2], dtype=bool)
    first, around_first = _commonest(points, free)
    free &= np.abs(points - first[:, None]).max(axis=2) > APART
    _, around_second = _commonest(points, free)
    two = (around_first + around_second >= FLAT) & (np.minimum(around_first, around_second) >= LEAST)
    kinds = np.select([two, numbered], [TWO_COLOURS, NUMBERED], NOT_A_MASK)
    is_grey = (points.max(axis=2) - points.min(axis=2)).max(axis=1) <= GREY
    return np.column_stack([kinds, is_grey]).astype(np.int64)


def _commonest(points: NDArray[np.int16], free: NDArray[np.bool_]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """The commonest colour among the free points of each image, (n, 3), and the share of points around it, (n,)."""
    coarse = points >> 3
    codes = np.where(free, (coarse[..., 0] << 10) | (coarse[..., 1] << 5) | coarse[..., 2], -1)
    ordered = np.sort(codes, axis=1)
    positions = np.arange(codes.shape[1])
    starts = np.diff(ordered, axis=1, prepend=-2) != 0
    lengths = positions + 1 - np.maximum.accumulate(np.where(starts, positions, 0), axis=1)
    lengths[ordered < 0] = 0
    best = np.take_along_axis(ordered, lengths.argmax(axis=1)[:, None], axis=1)
    members = (codes == best) & free
    sums, counts = (points * members[..., None]).sum(axis=1, dtype=np.int64), np.maximum(members.sum(axis=1), 1)
    colours = np.rint(sums / counts[:, None]).astype(np.int16)
    around = free & (np.abs(points - colours[:, None]).max(axis=2) <= LEVEL)
    return colours, around.mean(axis=1)
