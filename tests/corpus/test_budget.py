import itertools

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import CorpusError
from nevus.corpus.budget import within_budget

CLASSES = ("benign", "melanoma")
LABELS = np.array([0] * 400 + [1] * 250)
IDS = np.array([f"i{i}" for i in range(650)], dtype=object)
GROUPS = np.array([f"g{i // 3}" for i in range(650)], dtype=object)


def keep(budget, seed=0, labels=LABELS, groups=GROUPS, ids=IDS):
    return within_budget(labels, groups, ids, budget=budget, seed=seed, classes=CLASSES)


@pytest.mark.parametrize("seed", range(5))
def test_budgets_are_nested_and_count_images_of_each_class(seed):
    kept = {budget: keep(budget, seed) for budget in (1, 20, 50, 100, 200)}
    for budget, mask in kept.items():
        assert np.bincount(LABELS[mask]).tolist() == [budget, budget]
    for small, large in itertools.pairwise(kept.values()):
        assert not (small & ~large).any()


def test_another_seed_keeps_other_labels():
    assert not np.array_equal(keep(20, 0), keep(20, 1))


def test_the_order_of_the_images_does_not_matter():
    order = np.random.default_rng(0).permutation(len(IDS))
    assert np.array_equal(keep(50, labels=LABELS[order], groups=GROUPS[order], ids=IDS[order]), keep(50)[order])


def test_more_images_change_little():
    """Two new groups can push out at most as many images as they bring."""
    labels, ids = np.append(LABELS, [0, 1]), np.append(IDS, ["new0", "new1"])
    after = keep(50, labels=labels, groups=np.append(GROUPS, ["new2", "new3"]), ids=ids)
    assert (after[:-2] != keep(50)).sum() <= 2


def test_a_budget_fills_up_group_by_group():
    kept = pd.Series(keep(50)).groupby([GROUPS, LABELS]).mean()
    assert (kept.between(0, 1, inclusive="neither")).groupby(level=1).sum().max() <= 1


def test_a_class_with_too_few_labels_is_named():
    where = r"splits\.label_budget in conf/<env>/parameters\.yml or conf/base/parameters/splits\.yml"
    with pytest.raises(CorpusError, match=rf"300 images of each class.*'melanoma' has only 250.*{where}"):
        keep(300)
