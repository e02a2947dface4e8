"""What the metrics are called, for the report, the figures and the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Title(NamedTuple):
    """A metric in words.

    Attributes:
        heading: Of a row or column.
        meaning: One phrase; in braces what depends on the classes: `one`, `other`, `mean`, `likeliest`.
        better: 1 where higher is better, -1 where lower is, 0 where that is not known.
    """

    heading: str
    meaning: str = ""
    better: int = 0


TITLES = {
    "auc": Title(
        "AUC", "chance that an image of {one} gets a higher probability of it than an image of {other}{mean}", 1
    ),
    "average_precision": Title(
        "Average precision", "mean precision over all recalls; depends on the share of {one}{mean}", 1
    ),
    "accuracy": Title("Accuracy", "share of images called rightly", 1),
    "balanced_accuracy": Title(
        "Balanced accuracy", "mean over the classes of the share of their images called rightly", 1
    ),
    "sensitivity": Title("Sensitivity", "share of the images of {one} found", 1),
    "specificity": Title("Specificity", "share of the images of {other} left alone", 1),
    "brier": Title("Brier score", "mean squared error of the probabilities; lower is better", -1),
    "calibration_error": Title(
        "Calibration error", "gap between probability and frequency{likeliest}; lower is better", -1
    ),
}


def title(name: str) -> Title:
    """Find a metric's words; one that has none is called by its name, and nothing is said of which way is better."""
    return TITLES.get(name) or Title(in_words(name))


def in_words(name: str) -> str:
    """Turn a field's name into a heading: `pseudo_labels_used` becomes "Pseudo labels used"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def in_order(names: Iterable[str]) -> list[str]:
    """Sort metrics as in `TITLES`, others last, as they come; each once."""
    found = list(dict.fromkeys(names))
    return [name for name in TITLES if name in found] + [name for name in found if name not in TITLES]
