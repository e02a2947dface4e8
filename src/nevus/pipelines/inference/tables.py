"""What is said of each image, as a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import NevusError, Table
from nevus.pipelines.inference.stream import Answers


def submission(
    ids: Sequence[str],
    answers: Answers,
    spec: Mapping[str, Any],
    *,
    columns: Collection[str],
    threshold: float,
    name: str,
) -> Table:
    """A line an image.

    Args:
        ids: N names of the images.
        answers: What the classifier says of them.
        spec: `Classifier.spec`.
        columns: Some of "decision" and "spread".
        threshold: Of two classes the second is called above this probability.
        name: Of the run, for messages.

    Returns:
        `image_name`; with two classes `target`, the probability of the second, with more a column a class by its name;
        then what `columns` name; and where an image could not be read, `reason`.

    Raises:
        NevusError: The spread of what is no ensemble is asked for.
    """
    import pandas as pd

    classes = list(spec["classes"])
    shown = _shown(answers.probabilities, classes)
    if "decision" in columns:
        shown["decision"] = _called(answers.probabilities, classes, threshold)
    if "spread" in columns:
        if answers.spread is None:
            raise NevusError(
                f"inference.columns: {name} is one network, and the spread is that of the members of an ensemble. Make "
                "one by `kedro run --pipeline=ensemble`, or leave spread out."
            )
        parts = _shown(answers.spread, classes).items()
        shown |= {"spread" if key == "target" else f"spread_{key}": values for key, values in parts}
    if any(answers.reasons):
        shown["reason"] = answers.reasons
    table = pd.DataFrame(shown)
    table.insert(0, "image_name", list(ids))
    return table


def _shown(values: NDArray[np.float32], classes: Sequence[str]) -> dict[str, Any]:
    if len(classes) == 2:
        return {"target": values[:, 1]}
    return {name: values[:, number] for number, name in enumerate(classes)}


def _called(probabilities: NDArray[np.float32], classes: Sequence[str], threshold: float) -> list[str | None]:
    """The class that is called for each image; None where there is no number."""
    from nevus.metrics.classification import called

    known = np.isfinite(probabilities[:, 0]).tolist()
    numbers = np.nan_to_num(probabilities)
    labels = called(numbers[:, 1] if len(classes) == 2 else numbers, threshold)
    return [classes[label] if is_known else None for label, is_known in zip(labels, known, strict=True)]
