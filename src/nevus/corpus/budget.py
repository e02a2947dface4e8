"""Label budgets: what so many labels are worth can be asked only where the rest are hidden."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import CorpusError
from nevus.corpus.folds import PARAMETERS, lots


def within_budget(
    labels: NDArray[np.int64],
    groups: NDArray[Any],
    ids: Iterable[str],
    *,
    budget: int,
    seed: int,
    classes: Sequence[str],
) -> NDArray[np.bool_]:
    """Choose the labels to keep: of each class the first images in an order that the budget does not change.

    Groups come in the order of their lots and their images together, so that a budget fills up group by group. It
    counts images; the last group of a class is cut where the budget ends. A smaller budget of the same seed is part of
    a larger one.

    Args:
        labels: (n,) classes.
        groups: (n,) strings.
        ids: n names of the images.
        budget: Images to keep of each class.
        seed: Of the order.
        classes: Names of the classes; each must be there.

    Returns:
        (n,) true where the label is kept.

    Raises:
        CorpusError: A class has fewer labelled images than the budget.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if counts.min() < budget:
        fewest = int(counts.argmin())
        found = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
        raise CorpusError(
            f"The label budget asks for {budget} images of each class, but class '{classes[fewest]}' has only "
            f"{counts[fewest]} labelled images to train on ({found}). Lower splits.label_budget in {PARAMETERS}, or "
            f"give `--params splits.label_budget={counts[fewest]}`."
        )
    order = np.lexsort((lots(ids, seed=seed, purpose="budget"), lots(groups, seed=seed, purpose="budget")))
    kept = np.zeros(len(labels), dtype=bool)
    for label in range(len(classes)):
        kept[order[labels[order] == label][:budget]] = True
    return kept
