"""Label budgets: what so many labels are worth can be asked only where the rest are hidden."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.corpus.folds import PARAMETERS, lots


def within_budget(
    labels: NDArray[np.int64],
    groups: NDArray[Any],
    ids: Iterable[str],
    *,
    budget: int,
    seed: int,
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

    Returns:
        (n,) true where the label is kept: all labels of a class that has no more of them.
    """
    order = np.lexsort((lots(ids, seed=seed, purpose="budget"), lots(groups, seed=seed, purpose="budget")))
    kept = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        kept[order[labels[order] == label][:budget]] = True
    return kept


def shortage(counts: Sequence[int], unlabeled: int, *, budget: int, classes: Sequence[str]) -> str | None:
    """What to say of a budget that a class cannot meet; None where each can.

    Args:
        counts: Labelled images to train on, of each class.
        unlabeled: Unlabelled images, before the budget hides any label.
        budget: Images wanted of each class.
        classes: Their names.
    """
    fewest = min(range(len(counts)), key=counts.__getitem__)
    if counts[fewest] >= budget:
        return None
    found = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
    return (
        f"splits.label_budget asks for {budget} labelled images of each class, but class '{classes[fewest]}' has only "
        f"{counts[fewest]} to train on ({found}). A budget that --params does not name is set in {PARAMETERS}. "
        f"{remedy(counts, unlabeled)}"
    )


def remedy(counts: Sequence[int], unlabeled: int) -> str:
    """Name a budget that leaves labels and unlabelled images to train on; arguments as in `shortage`."""
    if len(counts) < 2:
        return "No budget helps: a classifier tells two classes or more apart."
    fewest = max(1, min(counts) if unlabeled else min(counts) // 2)
    hidden = unlabeled + sum(counts) - fewest * len(counts)
    if not min(counts) or not hidden:
        return "No budget helps: first add labelled images of every class."
    return (
        f"Add splits.label_budget={fewest} to --params: that keeps {fewest} labels of each class and leaves {hidden:,} "
        "images unlabelled, which semi-supervised training needs. Or keep all labels, by splits.label_budget=null, and "
        "train `--pipeline=supervised`."
    )
