"""The explanation of one image in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nevus.pipelines.explain.answer import Answer

FAR = 2.0  # times the typical distance: such an image is unlike those that trained
NO_MEMBERS = (
    "This is one network: nobody knows from it how much another training would have said otherwise. An ensemble does: "
    "train several seeds, and average them by kedro run --pipeline=ensemble."
)
NOT_CALIBRATED = (
    "The probability is as the network learnt it, not set right on labels that were held out from it; "
    "kedro run --pipeline=calibration does that."
)
PRIOR = " It holds where {shares}, as in the batches that trained it; where a class is rarer, it is less likely."


def percent(share: float) -> str:
    """Such as `63.1%`."""
    return f"{100 * float(share):.1f}%"


def said(answer: Answer) -> list[tuple[str, str]]:
    """The classes with their probabilities, the likeliest first."""
    order = np.argsort(-answer.probabilities, kind="stable")
    return [(answer.classes[number], percent(answer.probabilities[number])) for number in order]


def certainty(answer: Answer) -> str:
    """How far the members of an ensemble are apart, or that there are none."""
    if not answer.members:
        return NO_MEMBERS
    shares = np.array([one[_of_interest(answer)] for one in answer.members.values()], dtype=np.float64)
    name = answer.classes[_of_interest(answer)]
    return (
        f"The {len(shares)} members of the ensemble say {percent(shares.min())} to {percent(shares.max())} for {name} "
        f"(standard deviation {percent(shares.std())}). That is what another training changes; it does not cover "
        "another camera, another clinic or a lesion unlike all that were seen."
    )


def members(answer: Answer) -> list[tuple[str, list[str]]]:
    """What each member says of each class."""
    return [(name, [percent(share) for share in shares]) for name, shares in answer.members.items()]


def calibration(spec: Mapping[str, Any]) -> str:
    """Whether the probability was set right, and for whom it holds."""
    found = spec.get("calibration")
    text = NOT_CALIBRATED
    if found is not None:
        how = f"temperature {found['temperature']:.2f}" if found.get("kind") == "temperature" else found.get("kind")
        text = f"The probability is calibrated on out-of-fold predictions of the training images ({how})."
    if prior := spec.get("prior"):
        shares = " and ".join(f"{share:.0%} are {name}" for share, name in zip(prior, spec["classes"], strict=True))
        text += PRIOR.format(shares=shares)
    return text


def heat(answer: Answer) -> str:
    """What the heat map shows, or why there is none."""
    if answer.heat is None:
        return f"There is no heat map: {answer.no_heat}"
    return (
        f"Beside the image the same in grey, brighter where more of it speaks for {answer.classes[answer.called]} "
        "(Grad-CAM); the white line parts what has more than half of the most evidence in this image. That shows "
        f"coarsely where the network, which sees {answer.size} by {answer.size} pixels, found its answer. "
        "It does not show why, and no border of a lesion."
    )


def neighbours(answer: Answer) -> str:
    """How near the nearest are, against what is usual."""
    if not answer.neighbours:
        return f"No labelled training images are shown. {answer.no_neighbours}"
    same = sum(one.diagnosis == answer.classes[answer.called] for one in answer.neighbours)
    first = answer.neighbours[0].distance
    text = (
        f"Of the {len(answer.neighbours)} labelled training images whose features are most like those of this image, "
        f"{same} {'is' if same == 1 else 'are'} {answer.classes[answer.called]}. The nearest lies at a cosine distance "
        f"of {first:.3f} (0: the same direction)"
    )
    if not np.isfinite(answer.typical):
        return f"{text}."
    text += f"; half of the training images have another one within {answer.typical:.3f}."
    if first > FAR * answer.typical:
        text += " So this image is unlike those that the network was trained on, and its answer is a guess."
    return text


def alternative(answer: Answer) -> str:
    """What is read out where the figure is not seen."""
    near = ", ".join(f"{one.image_id} ({one.diagnosis})" for one in answer.neighbours)
    beside = " beside its heat map" if answer.heat is not None else ""
    return f"The image {answer.image_id}{beside}{f', and the nearest training images: {near}' if near else ''}."


def _of_interest(answer: Answer) -> int:
    """The class whose probability is told: the second of two, or the one called."""
    return 1 if len(answer.classes) == 2 else answer.called
