"""Sets of classes instead of one class: what cannot be told apart is left open, and the truth is in them often enough.

Split conformal prediction by least ambiguous sets (Sadinle et al., arXiv:1609.00451), by MAPIE, an extra of nevus.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from nevus.contracts import CorpusError, NevusError, Table
from nevus.metrics.intervals import percentile_interval
from nevus.metrics.weighted import in_blocks

COVERAGE_COLUMNS = ("class", "images", "coverage", "low", "high", "right", "wrong", "several", "none")


def require_mapie() -> None:
    """Refuse prediction sets where what makes them is not installed.

    Raises:
        NevusError: It names the extra.
    """
    if find_spec("mapie") is None:
        raise NevusError(
            "prediction sets are made by MAPIE, which is not installed: `pip install 'nevus[conformal]'`, or from this "
            "folder `pip install -e '.[conformal]'`. Without them, set calibration.coverage to null."
        )


def prediction_sets(
    labels: NDArray[Any], probabilities: NDArray[Any], new: NDArray[Any], *, coverage: float
) -> NDArray[np.bool_]:
    """Say which classes an image may be of.

    Where the known and the new images come from one network and one clinic, the truth is in the set for at least the
    share `coverage` of the new ones, over all draws of both. Out-of-fold probabilities are of networks that learnt from
    fewer images than the one that is used, so this holds about, and has to be measured.

    Args:
        labels: (n,), 0 to K - 1, of known images.
        probabilities: (n, K), of known images that did not train.
        new: (m, K), of other images.
        coverage: Between 0 and 1.

    Returns:
        (m, K): whether the class is in the set. No class, or several: it cannot be said which.

    Raises:
        NevusError: MAPIE is not installed.
        CorpusError: There are too few known images for such a coverage.
    """
    require_mapie()
    from mapie.classification import SplitConformalClassifier

    least = int(np.ceil(coverage / (1 - coverage)))
    if len(labels) < least:
        raise CorpusError(
            f"prediction sets with a coverage of {coverage:g} need {least} out-of-fold predictions or more, but there "
            f"are {len(labels)}. Lower calibration.coverage, or set it to null."
        )
    said = Said().fit(probabilities, np.arange(probabilities.shape[1]))
    how = SplitConformalClassifier(estimator=said, confidence_level=coverage, conformity_score="lac", prefit=True)
    _, sets = how.conformalize(probabilities, labels).predict_set(new)
    found: NDArray[np.bool_] = sets[:, :, 0].astype(bool)
    return found


class Said(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose input is what it says: (n, K) probabilities."""

    def fit(self, said: Any, classes: NDArray[Any]) -> Said:
        """Learn the labels."""
        self.classes_ = classes
        return self

    def predict_proba(self, said: Any) -> Any:
        """The input."""
        return np.asarray(said, dtype=np.float64)

    def predict(self, said: Any) -> Any:
        """The likeliest class."""
        return self.classes_[np.asarray(said).argmax(axis=1)]


def coverage_table(
    labels: NDArray[Any],
    sets: NDArray[np.bool_],
    weights: NDArray[Any],
    *,
    classes: Sequence[str],
    confidence: float,
) -> Table:
    """Count how often the truth is in the set, and how often the set says one class.

    Args:
        labels: (n,), 0 to K - 1.
        sets: (n, K), from `prediction_sets`.
        weights: (R, n), resampled test sets from `metrics.intervals.resample`.
        classes: Names of the K classes.
        confidence: Of the interval of the coverage.

    Returns:
        `COVERAGE_COLUMNS`, a row for all images and one for each class of them: `coverage` from `low` to `high`, and
        the shares of sets that are `right` and `wrong` (of one class), of `several` classes and of `none`.
    """
    size, covered = sets.sum(axis=1), sets[np.arange(len(labels)), labels]
    kinds = {"right": (size == 1) & covered, "wrong": (size == 1) & ~covered, "several": size > 1, "none": size == 0}
    groups = {"all": np.ones(len(labels), dtype=bool)} | {name: labels == k for k, name in enumerate(classes)}
    rows = []
    for name, members in groups.items():
        low, high = percentile_interval(_shares(covered, members, weights), confidence)
        shares = {kind: float(flags[members].mean()) for kind, flags in kinds.items()}
        rows.append((name, int(members.sum()), float(covered[members].mean()), low, high, *shares.values()))
    return pd.DataFrame(rows, columns=list(COVERAGE_COLUMNS))


def _shares(flags: NDArray[np.bool_], members: NDArray[np.bool_], weights: NDArray[Any]) -> NDArray[np.float64]:
    """(R,): the weighted share of the members that are flagged."""
    both = np.stack([flags & members, members], axis=1).astype(np.float64)
    sums = np.concatenate([weights[part].astype(np.float64) @ both for part in in_blocks(*weights.shape)])
    found: NDArray[np.float64] = sums[:, 0] / sums[:, 1]
    return found
