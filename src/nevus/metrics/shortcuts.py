"""Shortcut probes: how far do pixels go that should say nothing about the lesion?

A model that sees only the corners, only the border or only colours and still tells the classes apart shows that labels
go with how the pictures were taken. Networks take such ways too (arXiv:1904.08818 on skin lesions, arXiv:2004.07780 at
large), so a network's score has to be read beside these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from nevus.contracts import CorpusError, Pixels, Table
from nevus.metrics.intervals import percentile_interval, resample
from nevus.metrics.weighted import weighted_scores

SHORTCUT_COLUMNS = ("probe", "model", "metric", "value", "low", "high", "floor", "images", "groups", "features")
PROBES = ("corners", "border", "grey_world_colour", "colour")

_GRID = 16  # cells along each side of an image; a probe sees their mean colours
_SIDE = 64  # points looked at along each side: more tell a linear model nothing new
_BLOCK = 2**24  # bytes of pixels turned into floats together

Features: TypeAlias = NDArray[np.float32]  # (n, features), or images as (n, H, W, 3)
Floats: TypeAlias = NDArray[np.float64]
Split: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]


def probe(
    pixels: Pixels,
    rows: NDArray[Any],
    labels: NDArray[Any],
    groups: NDArray[Any],
    *,
    folds: int,
    repeats: int,
    replicates: int,
    confidence: float,
    seed: int,
) -> Table:
    """Cross-validate simple models on what should not matter.

    Two models, nothing of either chosen on the data, classes weighted to count the same: logistic regression with
    C = 0.1 on standardised features ("linear"), and a support-vector machine with an RBF kernel and C = 1 ("kernel").
    Images of one group stay in one fold. The interval says how far the score moves with other images, those that train
    and those that test. Groups are drawn anew, with replacement and by class, from the predictions of all repeats. The
    models are not fitted again, and the folds share what they train on, so that alone is too narrow: it is widened as
    Nadeau and Bengio correct a variance (Machine Learning 52:239-281, 2003, https://doi.org/10.1023/A:1024068626366).

    Args:
        pixels: (N, H, W, 3) uint8.
        rows: (n,), positions of the images wanted.
        labels: (n,), 0 to K - 1, at least two of them present.
        groups: (n,), none null.
        folds: Of the cross-validation.
        repeats: Cross-validations with other folds, averaged.
        replicates: Bootstrap draws.
        confidence: Of the intervals.
        seed: Of folds and draws.

    Returns:
        `SHORTCUT_COLUMNS`, one row a probe, model and metric: accuracy, balanced_accuracy and, for two classes, auc.
        `floor` is what naming the most frequent class reaches.

    Raises:
        CorpusError: There are fewer than two classes, or a class has fewer groups than there are folds.
    """
    _require_groups(labels, groups, folds)
    splits = _splits(labels, groups, folds, repeats, seed)
    present = np.unique(labels, return_inverse=True)[1]  # a class that is missing cannot be drawn
    weights = resample(present, groups, replicates=replicates, seed=seed)
    features = shortcut_features(pixels, rows)
    found: list[tuple[Any, ...]] = []
    for name in PROBES:
        for model, make in _MODELS.items():
            calls, scores = _cross_validate(make, features[name], labels, splits)
            for metric, (value, drawn) in _metrics(labels, calls, scores, weights).items():
                interval = _widened(value, percentile_interval(drawn, confidence), folds)
                size = (len(labels), len(set(groups)), features[name].shape[1])
                found.append((name, model, metric, value, *interval, _floor(metric, labels), *size))
    return pd.DataFrame(found, columns=list(SHORTCUT_COLUMNS))


def shortcut_features(pixels: Pixels, rows: NDArray[Any]) -> dict[str, Features]:
    """What each probe sees, at any resolution.

    Args:
        pixels: (N, H, W, 3) uint8, H and W at least 8, possibly memory-mapped; gone through in blocks.
        rows: (n,), positions of the images wanted.

    Returns:
        Name of the probe to (n, features): `corners`, the mean colours of 2 x 2 cells in each corner of a grid of 16
        x 16 cells (4 x 4 pixels of 32); `border`, those of the outermost ring; `colour`, mean, standard deviation and
        10th, 50th and 90th percentile of red, green and blue; `grey_world_colour`, the same after each channel is
        scaled so that its mean is the image's mean grey (Buchsbaum 1980), which takes the colour of the light away.
    """
    step = max(1, _BLOCK // max(1, int(np.prod(pixels.shape[1:]))))
    blocks = [_features(pixels[rows[start : start + step]]) for start in range(0, len(rows), step)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in PROBES}


def _features(pixels: Pixels) -> dict[str, Features]:
    rows, columns = (np.linspace(0, n - 1, min(n, _SIDE)).round().astype(np.intp) for n in pixels.shape[1:3])
    colours = np.asarray(pixels[:, rows[:, None], columns]).astype(np.float32) / np.float32(255)
    grid = _cells(_cells(colours, 1), 2)  # (n, g, g', 3)
    near = [np.minimum(np.arange(n), np.arange(n)[::-1]) for n in grid.shape[1:3]]
    down, right = near[0][:, None], near[1][None, :]  # cells to the nearest edge
    means = colours.mean(axis=(1, 2), keepdims=True)
    balanced = (colours * (means.mean(axis=3, keepdims=True) / np.maximum(means, 1 / 255))).astype(np.float32)
    return {
        "corners": grid[:, (down < 2) & (right < 2)].reshape(len(grid), -1),
        "border": grid[:, np.minimum(down, right) < 1].reshape(len(grid), -1),
        "grey_world_colour": _colour(balanced),
        "colour": _colour(colours),
    }


def _cells(colours: Features, axis: int) -> Features:
    """Means over about equal cells along an axis."""
    length = colours.shape[axis]
    edges = np.linspace(0, length, min(length, _GRID) + 1).round().astype(np.intp)
    shape = [-1 if number == axis else 1 for number in range(colours.ndim)]
    means: Features = (np.add.reduceat(colours, edges[:-1], axis) / np.diff(edges).reshape(shape)).astype(np.float32)
    return means


def _colour(colours: Features) -> Features:
    flat = colours.reshape(len(colours), -1, 3)
    return np.concatenate([flat.mean(axis=1), flat.std(axis=1), *np.percentile(flat, [10, 50, 90], axis=1)], axis=1)


_MODELS: dict[str, Callable[[], Any]] = {
    "linear": lambda: LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000),
    "kernel": lambda: SVC(kernel="rbf", C=1.0, class_weight="balanced"),
}


def _splits(labels: NDArray[Any], groups: NDArray[Any], folds: int, repeats: int, seed: int) -> list[list[Split]]:
    """For each repeat, the positions seen and unseen in each fold."""
    alone = len(set(groups)) == len(groups)
    kind = StratifiedKFold if alone else StratifiedGroupKFold  # the latter takes far longer
    kept_together = None if alone else groups
    drawn = [
        list(kind(folds, shuffle=True, random_state=seed + repeat).split(labels, labels, kept_together))
        for repeat in range(repeats)
    ]
    if any(len(set(labels[seen])) < len(set(labels)) for repeat in drawn for seen, _ in repeat):
        raise CorpusError(
            "A shortcut probe found a fold whose training part lacks a class, because large groups hold most of it. "
            "Lower audit.probes.folds in conf/base/parameters/audit.yml."
        )
    return drawn


def _cross_validate(
    make: Callable[[], Any], features: Features, labels: NDArray[Any], splits: list[list[Split]]
) -> tuple[NDArray[Any], Floats]:
    """Called classes and, for two classes, scores of class 1, each (repeats, n), by models blind to the image."""
    calls = np.zeros((len(splits), len(labels)), dtype=labels.dtype)
    scores = np.zeros((len(splits), len(labels)))
    for repeat, folds in enumerate(splits):
        for seen, unseen in folds:
            model = make_pipeline(StandardScaler(), make()).fit(features[seen], labels[seen])
            calls[repeat, unseen] = model.predict(features[unseen])
            decision = model.decision_function(features[unseen])
            scores[repeat, unseen] = decision if decision.ndim == 1 else 0.0
    return calls, scores


def _metrics(
    labels: NDArray[Any], calls: NDArray[Any], scores: Floats, weights: NDArray[Any]
) -> dict[str, tuple[float, Floats]]:
    """Each metric on all images and on the draws, (R,), averaged over repeats."""
    right = (calls == labels).mean(axis=0)
    classes = labels == np.unique(labels)[:, None]  # (K, n)
    even = np.ones((1, len(labels)))
    recalls, drawn = ((w @ (classes * right).T) / (w @ classes.T) for w in (even, weights.astype(np.float64)))
    found = {
        "accuracy": (float(right.mean()), (weights @ right) / weights.sum(axis=1)),
        "balanced_accuracy": (float(recalls.mean()), drawn.mean(axis=1)),
    }
    if len(classes) == 2:
        positive = classes[1].astype(np.int64)
        ranks = [rankdata(row) / len(row) for row in scores]
        value, replicates = (
            np.mean([weighted_scores(positive, row, w, threshold=0.5, bins=2)["auc"] for row in ranks], axis=0)
            for w in (even, weights)
        )
        found["auc"] = (float(value[0]), replicates)
    return found


def _widened(value: float, interval: tuple[float, float], folds: int) -> tuple[float, float]:
    """Add the variance of training: 1/k + n_test / n_train in place of 1/k, for k folds that share training images."""
    factor = np.sqrt(1 + folds / (folds - 1))
    low, high = (float(np.clip(value + factor * (end - value), 0, 1)) for end in interval)
    return low, high


def _floor(metric: str, labels: NDArray[Any]) -> float:
    _, counts = np.unique(labels, return_counts=True)
    return {"accuracy": float(counts.max() / counts.sum()), "balanced_accuracy": 1 / len(counts), "auc": 0.5}[metric]


def _require_groups(labels: NDArray[Any], groups: NDArray[Any], folds: int) -> None:
    found = {int(label): len(set(groups[labels == label])) for label in np.unique(labels)}
    if len(found) < 2 or min(found.values()) < folds:
        raise CorpusError(
            f"Shortcut probes need labelled images of two classes with {folds} lesions or patients each, but found "
            f"{found or 'none'} (class: groups). Lower audit.probes.folds in conf/base/parameters/audit.yml, or look "
            "at the splits."
        )
