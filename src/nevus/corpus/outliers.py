"""Images whose brightness, colour or sharpness is far from what is usual: to be looked at, for example before a GAN.

Scores are robust z-scores: the distance to the median in units of the median absolute deviation, scaled to agree with
the standard deviation of a normal distribution (Iglewicz and Hoaglin 1993; Leys et al. 2013,
https://doi.org/10.1016/j.jesp.2013.03.013). The deviation is measured above and below the median apart, because shares
and sharpness are skewed. Nothing is removed here.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import Corpus, Pixels, Table
from nevus.corpus.padding_bars import of_pictures, picture_boxes
from nevus.corpus.resize import Policy

# What it means to be far below and far above the median.
MEASURES = {
    "brightness": ("dark image", "bright image"),  # mean luma, 0 to 1
    "contrast": ("flat image", "harsh image"),  # standard deviation of luma
    "saturation": ("nearly grey", "strongly coloured"),  # mean of max - min over red, green and blue
    "warmth": ("bluish", "reddish"),  # mean red - mean blue
    "black": ("little black", "black area"),  # share of pixels with luma below 0.08
    "white": ("little white", "white area"),  # share of pixels with luma above 0.95
    "sharpness": ("blurred", "grainy or hairy"),  # log2 of the standard deviation of the Laplacian of luma
}
OUTLIER_COLUMNS = ("image_id", "split", "measure", "value", "median", "score", "reason")

_SIDE = 64  # points looked at along each side of an image: at least so many, less than twice as many
_BLOCK = 2**24  # bytes of pixels looked at together
_BLACK, _WHITE = 0.08, 0.95
_CONSISTENT = 1.4826  # median absolute deviation to standard deviation, normal distribution
_LEAST = {"sharpness": 0.1}  # differences below this many units are no sign of anything, however alike the images are
_LEAST_ELSE = 0.01


def measure_pictures(corpus: Corpus, resize: Policy) -> Table:
    """`measure` of the corpus's images in the manifest's order, less the bars that padding put beside them.

    Args:
        corpus: All packed images.
        resize: How they were brought to a square.
    """
    rows = corpus.manifest["row"].to_numpy(dtype=np.int64)
    boxes = picture_boxes(corpus.manifest, corpus.pixels.shape[1], resize)
    values = of_pictures(lambda images, some: measure(images, some).to_numpy(), corpus.pixels, rows, boxes)
    return pd.DataFrame(values, columns=list(MEASURES))


def measure(pixels: Pixels, rows: NDArray[np.int64] | None = None) -> Table:
    """Measure brightness, colour and sharpness of each image on a grid of points, a block of images at a time.

    The grid has 64 to 127 points a side, or every pixel of a smaller image; sharpness is that of the grid.

    Args:
        pixels: (N, H, W, 3) uint8 RGB, possibly memory-mapped; H and W at least 3.
        rows: (n,) positions of those wanted; all of them if not given.

    Returns:
        n rows, a column each of `MEASURES`; all in units of the full range 0 to 1, sharpness in powers of two.
    """
    step = max(1, _BLOCK // max(1, int(np.prod(pixels.shape[1:]))))
    rows = np.arange(len(pixels)) if rows is None else rows
    blocks = [_measure(pixels[rows[start : start + step]]) for start in range(0, len(rows), step)]
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=list(MEASURES), dtype=float)


def find_outliers(measures: Table, names: Table, usual: NDArray[Any], *, threshold: float) -> Table:
    """List what is further from the usual than a threshold, strongest first.

    Args:
        measures: (N rows) from `measure`.
        names: (N rows) `image_id` and `split`.
        usual: (N,), whether an image helps to say what is usual; where none does, all do.
        threshold: Listed above this many robust standard deviations. 3.5 is the textbook's choice for normal data;
            colours of real photographs have heavier tails.

    Returns:
        `OUTLIER_COLUMNS`, one row an image and measure. Of a reason, the text before the colon is its kind.
    """
    reference = measures[usual] if np.any(usual) else measures
    found = [_far(measures[name], reference[name], names, threshold) for name in MEASURES] if len(measures) else []
    listed = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(OUTLIER_COLUMNS))
    return listed.sort_values("score", key=abs, ascending=False, kind="stable", ignore_index=True)


def leave_out(corpus: Corpus, assignment: Table, *, resize: Policy, threshold: float) -> Table:
    """Take unusual images out of the unlabelled pool; labelled and held-out images stay, lest scores be flattered.

    Args:
        corpus: All packed images.
        assignment: Where each of them goes, in the manifest's order.
        resize: How the images were brought to a square.
        threshold: As for `find_outliers`; what is usual is learnt from the images that train.

    Returns:
        The assignment, with `split` null and a `reason` where an image was taken out.
    """
    measures = measure_pictures(corpus, resize)
    trains = assignment["split"].isin(["labeled", "unlabeled"]).to_numpy()
    strongest = find_outliers(measures, assignment, trains, threshold=threshold).drop_duplicates("image_id")
    reasons = assignment["image_id"].map("outlier, " + strongest.set_index("image_id")["reason"])
    out = reasons.notna() & (assignment["split"] == "unlabeled")
    return assignment.assign(
        split=assignment["split"].mask(out), reason=assignment["reason"].mask(out, reasons.astype("str"))
    )


def robust_scores(values: NDArray[Any], reference: NDArray[Any], *, least: float) -> NDArray[np.float64]:
    """Distances to the median of a reference in robust standard deviations, above and below it apart.

    Args:
        values: (N,).
        reference: (M,), M at least 1.
        least: The smallest deviation that is divided by.

    Returns:
        (N,), negative below the median.
    """
    median = np.median(reference)
    away = reference - median
    above, below = (max(_CONSISTENT * np.median(np.abs(side)), least) for side in (away[away >= 0], away[away <= 0]))
    distance = np.asarray(values, dtype=np.float64) - median
    scores: NDArray[np.float64] = distance / np.where(distance > 0, above, below)
    return scores


def _measure(pixels: Pixels) -> Table:
    down, across = (max(1, length // _SIDE) for length in pixels.shape[1:3])
    points = np.asarray(pixels[:, ::down, ::across]).astype(np.float32) / np.float32(255)  # (n, h, w, 3)
    red, green, blue = (points[..., channel] for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue  # ITU-R BT.601
    beside = luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    rough = (4 * luma[:, 1:-1, 1:-1] - beside).std(axis=(1, 2))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return pd.DataFrame(
        {
            "brightness": luma.mean(axis=(1, 2)),
            "contrast": luma.std(axis=(1, 2)),
            "saturation": spread.mean(axis=(1, 2)),
            "warmth": (red - blue).mean(axis=(1, 2)),
            "black": (luma < _BLACK).mean(axis=(1, 2)),
            "white": (luma > _WHITE).mean(axis=(1, 2)),
            "sharpness": np.log2(rough + 1 / 1024),  # a flat image has -10, not minus infinity
        }
    ).astype(np.float64)


def _far(values: Any, reference: Any, names: Table, threshold: float) -> Table:
    name, median = str(values.name), float(reference.median())
    scores = robust_scores(values.to_numpy(), reference.to_numpy(), least=_LEAST.get(name, _LEAST_ELSE))
    far = np.abs(scores) > threshold
    low, high = MEASURES[name]
    kinds = [high if score > 0 else low for score in scores[far]]
    shown = values[far].to_numpy()
    return pd.DataFrame(
        {
            "image_id": names["image_id"].to_numpy()[far],
            "split": names["split"].to_numpy()[far],
            "measure": name,
            "value": shown.round(4),
            "median": round(median, 4),
            "score": scores[far].round(2),
            "reason": [
                f"{kind}: {name} {value:.2f}, usually {median:.2f}" for kind, value in zip(kinds, shown, strict=True)
            ],
        },
        columns=list(OUTLIER_COLUMNS),
    )
