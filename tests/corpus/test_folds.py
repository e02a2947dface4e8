import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from nevus.contracts import CorpusError
from nevus.corpus.folds import folds, hold_out, lots

CLASSES = ("benign", "melanoma")


def patients(seed: int, count: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Labels and groups of patients with one to eight images, some with both classes."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([f"p{i}" for i in range(count)], rng.integers(1, 9, count)).astype(object)
    return (rng.random(len(groups)) < 0.2).astype(np.int64), groups


def lesions(seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Labels and groups of lesions with one to three images, all of one class."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, count)
    groups = np.repeat([f"l{i}" for i in range(count)], sizes).astype(object)
    return np.repeat((rng.random(count) < 0.2).astype(np.int64), sizes), groups


def deal(labels, groups, **changes):
    return folds(labels, groups, **{"folds": 5, "repeats": 2, "seed": 0, "classes": CLASSES, **changes})


def shares(labels, part):
    return [part[labels == label].mean() for label in np.unique(labels)]


@pytest.mark.parametrize("make", [patients, lesions])
@pytest.mark.parametrize("seed", range(5))
def test_a_group_has_one_fold(make, seed):
    labels, groups = make(seed)
    for column in deal(labels, groups, seed=seed).T:
        assert pd.Series(column).groupby(groups).nunique().max() == 1


@pytest.mark.parametrize("make", [patients, lesions])
@pytest.mark.parametrize("seed", range(5))
def test_every_fold_has_its_share_of_every_class(make, seed):
    labels, groups = make(seed)
    for column in deal(labels, groups, seed=seed).T:
        for fold in range(5):
            assert shares(labels, column == fold) == pytest.approx([0.2, 0.2], abs=0.05)


def test_repeats_deal_anew_and_the_same_seed_deals_the_same():
    labels, groups = lesions(0)
    dealt = deal(labels, groups, repeats=3, seed=7)
    assert dealt.shape == (len(labels), 3)
    assert not np.array_equal(dealt[:, 0], dealt[:, 1])
    assert np.array_equal(dealt, deal(labels, groups, repeats=3, seed=7))
    for other in deal(labels, groups, repeats=3, seed=8).T:  # neighbouring seeds share no dealing
        assert not (dealt == other[:, None]).all(axis=0).any()


@pytest.mark.parametrize("alone", [True, False], ids=["images", "groups"])
def test_folds_do_not_depend_on_the_order_of_the_images(alone):
    labels, groups = lesions(1)
    groups = np.array([f"i{i}" for i in range(len(labels))], dtype=object) if alone else groups
    order = np.random.default_rng(0).permutation(len(labels))
    assert np.array_equal(deal(labels[order], groups[order]), deal(labels, groups)[order])


def test_images_without_groups_are_dealt_as_evenly_as_can_be():
    labels = np.array([0] * 103 + [1] * 52)
    groups = np.array([f"i{i}" for i in range(155)], dtype=object)
    for column in deal(labels, groups).T:
        for label in (0, 1):
            counts = np.bincount(column[labels == label], minlength=5)
            assert counts.max() - counts.min() <= 1


def test_no_images_have_no_folds():
    nothing = np.empty(0, dtype=np.int64), np.empty(0, dtype=object)
    assert deal(*nothing).shape == (0, 2)


def test_a_class_with_fewer_groups_than_folds_is_named():
    labels = np.array([0] * 20 + [1] * 8)
    groups = np.array([f"a{i}" for i in range(20)] + ["b0", "b1"] * 4, dtype=object)
    with pytest.raises(
        CorpusError, match=r"5 folds.*'melanoma' has only 2 labelled groups.*cross_validation\.folds in conf/<env>"
    ):
        deal(labels, groups)


def test_a_fold_without_a_class_is_named_though_scikit_learn_lets_it_pass(monkeypatch):
    """The dealer does not promise it, and a score of one class is none."""
    labels = np.array([0, 0, 0, 0, 1, 1])
    groups = np.array(["a", "a", "b", "c", "d", "e"], dtype=object)

    def uneven(self, labels, same, groups):
        yield None, np.array([0, 1, 2])
        yield None, np.array([3, 4, 5])

    monkeypatch.setattr(StratifiedGroupKFold, "split", uneven)
    with pytest.raises(CorpusError, match=r"'melanoma'.*fold 0 got none"):
        deal(labels, groups, folds=2, repeats=1)


@pytest.mark.parametrize("make", [patients, lesions])
@pytest.mark.parametrize("seed", range(8))
def test_a_held_out_part_has_whole_groups_and_its_share_of_every_class(make, seed):
    labels, groups = make(seed)
    held = hold_out(labels, groups, share=0.2, seed=seed, purpose="test")
    assert pd.Series(held).groupby(groups).nunique().max() == 1
    tolerance = 1.5 / (labels == 1).sum() if make is lesions else 0.06
    assert shares(labels, held) == pytest.approx([0.2, 0.2], abs=tolerance)


def test_large_groups_are_held_out_as_often_as_small_ones():
    """A dealer that takes the largest first would test on small groups only."""
    labels, groups = patients(0)
    sizes = pd.Series(groups).value_counts()
    means = []
    for seed in range(40):
        held = hold_out(labels, groups, share=0.3, seed=seed, purpose="test")
        means.append(sizes[np.unique(groups[held])].mean())
    assert np.mean(means) == pytest.approx(sizes.mean(), rel=0.05)


def test_a_few_more_images_move_few_others():
    labels, groups = lesions(3)
    more_labels = np.concatenate([labels, [0, 1, 0]])
    more_groups = np.concatenate([groups, np.array(["new1", "new2", "new3"], dtype=object)])
    before = hold_out(labels, groups, share=0.2, seed=0, purpose="test")
    after = hold_out(more_labels, more_groups, share=0.2, seed=0, purpose="test")[: len(labels)]
    assert (before != after).sum() <= 6


def test_draws_for_different_ends_are_different():
    keys = [f"i{i}" for i in range(200)]
    one, other = lots(keys, seed=0, purpose="test"), lots(keys, seed=0, purpose="validation")
    assert abs(np.corrcoef(one.astype(float), other.astype(float))[0, 1]) < 0.2
    assert np.array_equal(one[50:], lots(keys[50:], seed=0, purpose="test"))
    assert not np.array_equal(one, lots(keys, seed=1, purpose="test"))
