"""Figures of the report: their order, titles and captions."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from nevus.metrics.titles import in_words
from nevus.pipelines.reporting.classes import terms

# `classes.terms` says what stands in braces.
FIGURES = {
    "roc": (
        "Ranking",
        "Each curve runs through all thresholds; the closer to the upper left corner, the better. The band shows "
        "how far the curve of the run moves when the test lesions are drawn anew. Floors are dashed.",
    ),
    "precision_recall": (
        "Precision and recall",
        "Of the images called {one}, how many are; the closer to the upper right corner, the better. It holds at the "
        "share of {one} in the test set only: where {one} is rarer, every curve lies lower.",
    ),
    "confusion": (
        "Decisions",
        "Rows are the truth, columns what the run says. The lower left cell counts the images of {one} that it missed.",
    ),
    "score_histogram": (
        "Where decisions are hard",
        "Images on the wrong side of the dashed line are called wrongly; the more the two kinds overlap, the harder.",
    ),
    "reliability": (
        "Probabilities",
        "Points on the diagonal mean that of the images given 30% about 30% are {one}. This holds at the share of "
        "{one} in the test set only; a clinic may see another.",
    ),
    "decision_curve": (
        "Worth of deciding by it",
        "Found {one}, minus false alarms weighed by the threshold: whoever acts from 10% on takes nine false alarms "
        "for one found. Calling by the run is worth it where its curve lies above calling everybody and calling "
        "nobody. Probabilities are corrected to each prevalence; the run's sensitivity and specificity are taken to "
        "be the same there.",
    ),
    "gallery": (
        "Cases",
        "The test images that the run is surest of, wrongly and rightly, one of each lesion, with the probability of "
        "the class called.",
    ),
    "progress": ("Progress of the generator", "The same random inputs at successive training steps."),
    "real_and_generated": (
        "Generated images",
        "Look for variety and for lesions that look alike: a generator that repeats itself has collapsed.",
    ),
    "curves": ("Training", "A pale line is what was logged, a strong one on top its running mean."),
}
OF_A_GAN = (  # added to the caption of the curves
    " A discriminator sure of everything teaches the generator nothing; D(real) near D(generated) means that it cannot "
    "tell them apart."
)
MANY_CLASSES = {  # captions that differ where there are more than two
    "roc": "Each curve is a class against the rest and runs through all thresholds; the closer to the upper left "
    "corner, the better. The title gives the mean of the areas.",
    "precision_recall": "Each curve is a class against the rest: of the images called so, how many are. The rarer the "
    "class, the lower lies chance. The title gives the mean of the average precisions.",
    "score_histogram": "The more the probabilities of a class's images overlap with those of all others, the harder it "
    "is to tell apart.",
    "decision_curve": "Each class against the rest, as frequent as in the test set: found images, minus false alarms "
    "weighed by the threshold, as a share of what finding all of them without a false alarm would be worth.",
    "confusion": "Rows are the truth, columns what the run says; off the diagonal are the mistakes.",
    "reliability": "Points on the diagonal mean that of the images given 30% for the likeliest class about 30% are of "
    "that class. This holds at the shares of the classes in the test set only.",
}


def embed(
    figures: Mapping[str, bytes],
    classes: Sequence[str],
    *,
    alternatives: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> list[dict[str, str]]:
    """Turn image bytes into data addresses with title and caption, in the order of `FIGURES`, others last.

    Args:
        figures: PNG or GIF bytes by name.
        classes: Names of the classes.
        alternatives: By name, what is read out where a figure is not seen; the title where there is none.
        notes: By name, what is added to the caption.
    """
    alternatives, notes = alternatives or {}, notes or {}
    order = [name for name in FIGURES if name in figures] + [name for name in figures if name not in FIGURES]
    embedded = []
    for name in order:
        heading, caption = FIGURES.get(name, (in_words(name), ""))
        if len(classes) > 2:
            caption = MANY_CLASSES.get(name, caption)
        if name == "curves" and "real_and_generated" in figures:
            caption += OF_A_GAN
        embedded.append(
            {
                "name": name,
                "title": heading,
                "alternative": alternatives.get(name, heading),
                "caption": caption.format(**terms(classes)) + notes.get(name, ""),
                "address": address_of(figures[name]),
                "kind": _kind(figures[name]),
            }
        )
    return embedded


def address_of(image: bytes) -> str:
    """The data address of a PNG or GIF."""
    return f"data:image/{_kind(image)};base64,{base64.b64encode(image).decode('ascii')}"


def _kind(image: bytes) -> str:
    return "gif" if image.startswith(b"GIF8") else "png"
