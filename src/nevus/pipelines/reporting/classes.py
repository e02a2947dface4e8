"""Classes in words: two by their names, more as "a class"."""

from __future__ import annotations

from collections.abc import Sequence

from nevus.contracts import Table


def terms(classes: Sequence[str]) -> dict[str, str]:
    """What the placeholders in `metrics.titles` and `figures.FIGURES` stand for."""
    if len(classes) == 2:
        return {"one": classes[1], "other": classes[0], "mean": "", "likeliest": ""}
    of_many = {"mean": "; mean over the classes", "likeliest": " of the likeliest class"}
    return {"one": "a class", "other": "the other classes", **of_many}


def question(classes: Sequence[str]) -> str:
    """What the classifier is asked."""
    return f"{classes[1]} or {classes[0]}?" if len(classes) == 2 else f"which of {len(classes)} classes?"


def decision(classes: Sequence[str], threshold: float, *, chosen: bool = False) -> str:
    """How an image is called something; `chosen` where the threshold is the run's own."""
    if len(classes) == 2:
        whence = ", which the run chose on its training images" if chosen else ""
        return f"Called {classes[1]} above a probability of {threshold:.3g}{whence}."
    return "The likeliest class is called."


def count_classes(rows: Table, classes: Sequence[str]) -> str:
    """Count the images of the second of two classes, or of each of more."""
    counts = [int((rows["label"] == number).sum()) for number in range(len(classes))]
    if len(classes) == 2:
        return f"{counts[1]} {classes[1]}"
    return ", ".join(f"{name}: {count}" for name, count in zip(classes, counts, strict=True))
