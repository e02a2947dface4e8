"""What the metrics are called, for the report, the figures and the console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

RANKING, DECISIONS, PROBABILITIES = "Ranking", "Decisions", "Probabilities"


class Title(NamedTuple):
    """A metric in words.

    Attributes:
        heading: Of a row or column.
        meaning: One phrase; in braces what depends on the classes: `one`, `other`, `mean`, `likeliest`.
        better: 1 where higher is better, -1 where lower is, 0 where that is not known.
        block: What it is a score of; metrics of one block stand together.
    """

    heading: str
    meaning: str = ""
    better: int = 0
    block: str = "Others"


TITLES = {
    "auc": Title(
        "AUC",
        "chance that an image of {one} gets a higher probability of it than an image of {other}{mean}",
        1,
        RANKING,
    ),
    "average_precision": Title(
        "Average precision", "mean precision over all recalls; depends on the share of {one}{mean}", 1, RANKING
    ),
    "partial_auc": Title(
        "Partial AUC",
        "area under the ROC curve where it finds more than 80% of {one}; 0.18 by chance{mean}",
        1,
        RANKING,
    ),
    "specificity_at_90_sensitivity": Title(
        "Specificity at 90% sensitivity",
        "share of the images of {other} left alone by the highest threshold that finds 90% of {one}{mean}",
        1,
        RANKING,
    ),
    "specificity_at_95_sensitivity": Title(
        "Specificity at 95% sensitivity", "likewise where it finds 95% of {one}{mean}", 1, RANKING
    ),
    "sensitivity_at_90_specificity": Title(
        "Sensitivity at 90% specificity",
        "share of the images of {one} found by the lowest threshold that leaves 90% of {other} alone{mean}",
        1,
        RANKING,
    ),
    "accuracy": Title("Accuracy", "share of images called rightly", 1, DECISIONS),
    "balanced_accuracy": Title(
        "Balanced accuracy", "mean over the classes of the share of their images called rightly", 1, DECISIONS
    ),
    "sensitivity": Title("Sensitivity", "share of the images of {one} found", 1, DECISIONS),
    "specificity": Title("Specificity", "share of the images of {other} left alone", 1, DECISIONS),
    "f1": Title("F1", "harmonic mean of sensitivity and precision; depends on the share of {one}{mean}", 1, DECISIONS),
    "mcc": Title(
        "Matthews correlation", "correlation of truth and decision; 0 by chance, 1 without a mistake", 1, DECISIONS
    ),
    "brier": Title("Brier score", "mean squared error of the probabilities; lower is better", -1, PROBABILITIES),
    "log_loss": Title(
        "Log loss",
        "mean of minus the logarithm of the probability of what was true, in nats; lower is better",
        -1,
        PROBABILITIES,
    ),
    "calibration_error": Title(
        "Calibration error",
        "gap between probability and frequency{likeliest}, in bins of equal width; lower is better",
        -1,
        PROBABILITIES,
    ),
    "adaptive_calibration_error": Title(
        "Adaptive calibration error",
        "the same gap in bins of equally many images{mean}; lower is better",
        -1,
        PROBABILITIES,
    ),
}
# Those that a training logs and the console shows; a report has all.
WATCHED = (
    "accuracy",
    "balanced_accuracy",
    "auc",
    "average_precision",
    "sensitivity",
    "specificity",
    "brier",
    "calibration_error",
)


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
