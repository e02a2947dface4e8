import itertools
import re

import numpy as np
import pandas as pd
import pytest

from nevus.corpus.budget import remedy, shortage, within_budget

CLASSES = ("benign", "melanoma")
LABELS = np.array([0] * 400 + [1] * 250)
IDS = np.array([f"i{i}" for i in range(650)], dtype=object)
GROUPS = np.array([f"g{i // 3}" for i in range(650)], dtype=object)


def keep(budget, seed=0, labels=LABELS, groups=GROUPS, ids=IDS):
    return within_budget(labels, groups, ids, budget=budget, seed=seed)


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


def test_a_class_with_fewer_labels_than_the_budget_keeps_all():
    assert np.bincount(LABELS[keep(300)]).tolist() == [300, 250]


def test_a_budget_that_each_class_can_meet_is_no_shortage():
    assert shortage([48, 100], 0, budget=48, classes=CLASSES) is None


def test_a_class_with_too_few_labels_is_named_with_the_place_of_the_budget():
    where = r"conf/<env>/parameters\.yml or conf/base/parameters/splits\.yml"
    said = shortage([400, 250], 0, budget=300, classes=CLASSES)
    assert re.search(rf"300 labelled images of each class.*'melanoma' has only 250.*{where}", said)


@pytest.mark.parametrize("counts", [[48, 48], [2, 2], [3, 30], [1, 5], [100, 40, 41]])
@pytest.mark.parametrize("unlabeled", [0, 7])
def test_the_budget_advised_can_be_met_and_leaves_unlabelled_images(counts, unlabeled):
    found = re.search(r"splits\.label_budget=(\d+).*leaves (\d+) images", remedy(counts, unlabeled))
    budget, left = int(found[1]), int(found[2])
    labels = np.repeat(np.arange(len(counts)), counts)
    ids = np.array([f"i{i}" for i in range(len(labels))], dtype=object)
    classes = tuple(f"class {label}" for label in range(len(counts)))
    assert shortage(counts, unlabeled, budget=budget, classes=classes) is None
    kept = within_budget(labels, ids, ids, budget=budget, seed=0)
    assert set(labels[kept]) == set(range(len(counts)))
    assert left == (~kept).sum() + unlabeled > 0


@pytest.mark.parametrize("counts", [[0, 48], [0, 0], [1, 1]])
def test_no_budget_is_advised_where_none_helps(counts):
    assert "label_budget" not in remedy(counts, 0)


def test_one_class_alone_is_told_that_no_budget_makes_it_two() -> None:
    assert remedy([30], 0) == remedy([30], 500) == "No budget helps: a classifier tells two classes or more apart."
