"""What can be reached without a network: the floors that every method must beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import rgb_to_hsv
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nevus.contracts import Corpus, CorpusError, Pixels, Table
from nevus.groups import group_keys
from nevus.metrics.predictions import prediction_table

_TIE = 1e-6  # moves no score but those that count calls
_CHUNK = 4_000_000  # pixels turned into floats at once


def majority(training: Corpus, test: Corpus) -> Table:
    """Predict the shares of the classes among the labelled training images for everybody.

    Thresholded at 0.5, or by the largest share, this is the majority class. Of classes that are equally frequent, as a
    label budget makes them, the one that is most frequent in the test split counts: a floor may know more than a
    method, which only makes it harder to beat.

    Args:
        training: With labelled images.
        test: With test images.

    Returns:
        Predictions of the test images, seed 0.

    Raises:
        CorpusError: If there are no labelled training images.
    """
    labels = _rows(training, "labeled")["label"].astype(int).to_numpy()
    shares = np.bincount(labels, minlength=len(training.classes)) / len(labels)
    rows = _rows(test, "test")
    tested = np.bincount(rows["label"].dropna().astype(int), minlength=len(shares))
    tied = shares == shares.max()
    first, chosen = int(tied.argmax()), int(np.where(tied, tested, -1).argmax())
    shares[[first, chosen]] += [-_TIE, _TIE] if chosen != first else 0.0  # else the first of them would be called
    return prediction_table(rows, np.tile(shares, (len(rows), 1)), seed=0)


def colour_svm(training: Corpus, test: Corpus, *, folds: int = 5, seed: int = 0) -> Table:
    """Classify by colour alone: a support-vector machine on `colour_statistics`.

    Standardised features, RBF kernel, C = 1 (chosen nowhere), Platt scaling (Platt 1999) by cross-validation on the
    labelled training images only; images of one group, and copies, stay in one fold, and the folds' machines are
    averaged. With more than two classes the machines decide between pairs of them, and each class is scaled against
    the rest.

    Args:
        training: With labelled images of every class.
        test: With test images.
        folds: Of the cross-validation; fewer where a class has fewer groups.
        seed: Shuffles the images into folds.

    Returns:
        Predictions of the test images.

    Raises:
        CorpusError: If a class has fewer than two groups.
    """
    grouped = training.manifest.assign(together=group_keys(training.manifest))  # an unlabelled copy may join two groups
    labelled, rows = _rows(training._replace(manifest=grouped), "labeled"), _rows(test, "test")
    labels = labelled["label"].astype(int).to_numpy()
    groups = labelled["together"].to_numpy(dtype=object)
    folds = min(folds, _groups_of_rarest_class(labels, groups, training.classes))
    features = colour_statistics(training.pixels, labelled["row"].to_numpy())
    splits = list(StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(features, labels, groups))
    machine = make_pipeline(StandardScaler(), SVC(kernel="rbf", C=1.0))
    calibrated = CalibratedClassifierCV(machine, method="sigmoid", cv=splits, ensemble=True).fit(features, labels)
    probabilities = calibrated.predict_proba(colour_statistics(test.pixels, rows["row"].to_numpy()))
    return prediction_table(rows, probabilities, seed=seed)


def colour_statistics(pixels: Pixels, rows: NDArray[Any] | None = None) -> NDArray[np.float32]:
    """Describe images by the distribution of their colours, blind to where they are.

    Args:
        pixels: (M, H, W, 3) uint8 RGB.
        rows: (N,), positions of the images wanted; all when None.

    Returns:
        (N, 30): mean, standard deviation and 10th, 50th and 90th percentile of red, green, blue, hue, saturation and
        value, each channel in [0, 1]. Hue is a circle; it is cut at cyan rather than at red, the colour of skin.
    """
    wanted = np.arange(len(pixels)) if rows is None else np.asarray(rows, dtype=np.intp)
    step = max(1, _CHUNK // max(1, pixels.shape[1] * pixels.shape[2]))
    chunks = [_statistics(pixels[wanted[start : start + step]]) for start in range(0, len(wanted), step)]
    return np.concatenate(chunks) if chunks else np.empty((0, 30), dtype=np.float32)


def _statistics(pixels: Pixels) -> NDArray[np.float32]:
    colours = pixels.reshape(len(pixels), -1, 3).astype(np.float32) / 255
    hsv = rgb_to_hsv(colours)
    hsv[..., 0] = (hsv[..., 0] + 0.5) % 1.0
    channels = np.concatenate([colours, hsv], axis=2)  # (N, H * W, 6)
    percentiles = np.percentile(channels, [10, 50, 90], axis=1)
    parts = [channels.mean(axis=1), channels.std(axis=1), *percentiles]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _rows(corpus: Corpus, split: str) -> Table:
    rows = corpus.manifest[(corpus.manifest["split"] == split) & corpus.manifest["label"].notna()]
    if rows.empty:
        raise CorpusError(
            f"The floors need labelled images in the split '{split}', but the corpus has none. "
            "See conf/base/parameters/splits.yml for how images are split."
        )
    return rows


def _groups_of_rarest_class(labels: NDArray[Any], groups: NDArray[Any], classes: Sequence[str]) -> int:
    counts = [len(set(groups[labels == label])) for label in range(len(classes))]
    if min(counts) < 2:
        *others, last = (f"{count} {name}" for count, name in zip(counts, classes, strict=True))
        raise CorpusError(
            "The colour floor needs labelled images of two lesions of each class, but found "
            f"{', '.join(others)} and {last}. See conf/base/parameters/splits.yml for how images are split."
        )
    return min(counts)
