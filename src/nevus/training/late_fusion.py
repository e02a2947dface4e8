"""Clinical metadata beside a network: what age, sex and site say of a lesion is laid over what its image says.

The two are taken as independent given the class, so their evidence multiplies (Kittler et al., On combining
classifiers, IEEE TPAMI 20(3), 1998, section 2.1). Nothing of the network's training changes, and what is unknown of
an image counts for nothing: not even that it is unknown, which in collections of several clinics tells the clinic.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError, Table

AGE = "age"
SMOOTHING = 1.0  # lesions that every class is taken to have of every value, so that none is impossible
LEAST_SPREAD = 1.0  # years


def fit_metadata(labeled: Table, classes: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
    """Learn how often labelled lesions of each class have each value.

    Args:
        labeled: Manifest rows of the labelled training images. Images of one lesion share the weight of one.
        classes: Names of the K classes.
        columns: Some of "age" (years), "sex" and "site".

    Returns:
        JSON-able, by column. Of age: `means` (K) and `spread`, a normal distribution a class with a spread that they
        share. Of the others: `values`, the logarithm of each value's smoothed share in each of the K classes.

    Raises:
        CorpusError: A column is unknown for all images of a class.
    """
    from nevus.groups import group_keys  # a saved model has no use for it, nor for what it imports

    keys = group_keys(labeled)
    _, group, sizes = np.unique(keys.astype(str), return_inverse=True, return_counts=True)
    weights, labels = 1.0 / sizes[group], labeled["label"].to_numpy(dtype=np.int64)
    found: dict[str, Any] = {}
    for name in columns:
        known = labeled[name].notna().to_numpy()
        _require_known(name, labels[known], classes, labeled, columns)
        fit = _normal if name == AGE else _shares
        found[name] = fit(labeled[name][known], labels[known], weights[known], len(classes))
    return found


def fuse(probabilities: NDArray[Any], metadata: Mapping[str, Any], rows: Table) -> NDArray[np.float32]:
    """Lay the evidence of the metadata over class probabilities.

    Args:
        probabilities: (N, K), of the images alone.
        metadata: As `fit_metadata` returns it.
        rows: N rows with its columns; what is missing or was never seen in training counts for nothing.

    Returns:
        (N, K) float32, rows adding up to 1.
    """
    with np.errstate(divide="ignore"):  # what the image excludes stays excluded
        logits = np.log(np.asarray(probabilities, dtype=np.float64))
    for name, learnt in metadata.items():
        logits = logits + (_age_evidence if name == AGE else _value_evidence)(rows[name], learnt)
    odds = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    fused: NDArray[np.float32] = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return fused


def alone(metadata: Mapping[str, Any], rows: Table, classes: int) -> NDArray[np.float32]:
    """What the metadata say without an image: (N, K), from classes taken as equally frequent before."""
    return fuse(np.full((len(rows), classes), 1.0 / classes), metadata, rows)


def _normal(ages: Any, labels: NDArray[Any], weights: NDArray[Any], classes: int) -> dict[str, Any]:
    years = ages.to_numpy(dtype=np.float64)
    means = [float(np.average(years[labels == k], weights=weights[labels == k])) for k in range(classes)]
    variance = np.average((years - np.array(means)[labels]) ** 2, weights=weights)
    return {"means": means, "spread": max(float(np.sqrt(variance)), LEAST_SPREAD)}


def _shares(values: Any, labels: NDArray[Any], weights: NDArray[Any], classes: int) -> dict[str, Any]:
    words = _words(values)
    counts = {word: np.full(classes, SMOOTHING) for word in sorted(set(words))}
    for word, label, weight in zip(words, labels, weights, strict=True):
        counts[word][label] += weight
    totals = np.sum(list(counts.values()), axis=0)
    return {"values": {word: np.log(count / totals).tolist() for word, count in counts.items()}}


def _age_evidence(ages: Any, learnt: Mapping[str, Any]) -> NDArray[np.float64]:
    years = ages.to_numpy(dtype=np.float64, na_value=np.nan)[:, None]
    found: NDArray[np.float64] = np.nan_to_num(-0.5 * ((years - np.array(learnt["means"])) / learnt["spread"]) ** 2)
    return found


def _value_evidence(values: Any, learnt: Mapping[str, Any]) -> NDArray[np.float64]:
    known = {word: np.array(logs) for word, logs in learnt["values"].items()}
    nothing = np.zeros_like(next(iter(known.values())))
    return np.array([known.get(word, nothing) for word in _words(values)]).reshape(-1, len(nothing))


def _words(values: Any) -> list[str]:
    return [str(value).strip().casefold() for value in values]


def _require_known(
    name: str, labels: NDArray[Any], classes: Sequence[str], labeled: Table, columns: Sequence[str]
) -> None:
    missing = [each for number, each in enumerate(classes) if number not in labels]
    if missing:
        shares = ", ".join(f"{column} of {labeled[column].notna().mean():.0%}" for column in columns)
        raise CorpusError(
            f"the fusion with metadata needs the {name} of labelled images of every class, but none of "
            f"{', '.join(missing)} has one (known: {shares}). Leave it out of the parameter metadata.columns, or set "
            "metadata to null."
        )
