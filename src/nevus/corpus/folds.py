"""Draws of whole groups: folds and held-out parts, stratified by class."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from nevus.contracts import CorpusError
from nevus.seeds import derived

PARAMETERS = "conf/<env>/parameters.yml or conf/base/parameters/splits.yml"
_WHERE_FOLDS = "Lower cross_validation.folds in conf/<env>/parameters.yml or conf/base/parameters/cross_validation.yml."


def lots(keys: Iterable[str], *, seed: int, purpose: str) -> NDArray[np.uint64]:
    """A random number for each key that depends on nothing else, so that more images change no other's.

    Args:
        keys: Names of images or groups; the same name draws the same number.
        seed: Of the draw.
        purpose: Keeps draws for different ends apart.

    Returns:
        (n,) uint64, the first eight bytes of a BLAKE2b hash.
    """
    start = hashlib.blake2b(f"{seed} {purpose} ".encode(), digest_size=8)
    drawn = bytearray()
    for key in keys:
        one = start.copy()
        one.update(key.encode())
        drawn += one.digest()
    return np.frombuffer(bytes(drawn), dtype="<u8").astype(np.uint64)


def hold_out(
    labels: NDArray[np.int64], groups: NDArray[Any], *, share: float, seed: int, purpose: str
) -> NDArray[np.bool_]:
    """Draw whole groups until the part has its share of every class, the rarest class first.

    Groups with images of a class come in the order of their lots; the part takes the first of them, as many as bring
    it nearest to its share. So the size of a group does not decide where it goes, and more images move few others.

    Args:
        labels: (n,) classes.
        groups: (n,) strings; images of one group are held out together or not at all.
        share: Of the images of each class, between 0 and 1.
        seed: Of the draw.
        purpose: As for `lots`.

    Returns:
        (n,) true where held out. Where no group holds several classes, each class misses its share by half its
        largest group at most; a part may be empty.
    """
    inverse, names = pd.factorize(groups, sort=True)
    counts = np.zeros((len(names), int(labels.max(initial=0)) + 1), dtype=np.int64)
    np.add.at(counts, (inverse, labels), 1)
    order = np.argsort(lots(names, seed=seed, purpose=purpose), kind="stable")
    taken, dealt = np.zeros((2, len(names)), dtype=bool)
    for label in np.argsort(counts.sum(axis=0), kind="stable"):
        candidates = order[(counts[order, label] > 0) & ~dealt[order]]
        wanted = share * counts[:, label].sum() - counts[taken, label].sum()
        reached = np.concatenate([[0], counts[candidates, label].cumsum()])
        taken[candidates[: np.abs(reached - wanted).argmin()]] = True
        dealt[candidates] = True
    return taken[inverse]


def folds(
    labels: NDArray[np.int64],
    groups: NDArray[Any],
    *,
    folds: int,
    repeats: int,
    seed: int,
    classes: Sequence[str],
) -> NDArray[np.int64]:
    """Deal images into folds, several times: whole groups, every class as evenly as the groups allow.

    By scikit-learn's `StratifiedGroupKFold`. It keeps groups whole, but does not promise that every fold holds every
    class; that is checked here. Where every image is a group of its own, `StratifiedKFold` does the same hundreds of
    times faster.

    Args:
        labels: (n,) classes.
        groups: (n,) strings.
        folds: Folds a repeat.
        repeats: How often all images are dealt anew.
        seed: Of all repeats; each has its own draw.
        classes: Names of the classes, for messages.

    Returns:
        (n, repeats) int64, numbers of folds from 0. They do not depend on the order of the images.

    Raises:
        CorpusError: A class has fewer groups than there are folds, or a fold got no image of a class.
    """
    found = {label: len(set(groups[labels == label])) for label in np.unique(labels)}
    fewest = min(found, key=found.__getitem__, default=None)
    if fewest is not None and found[fewest] < folds:
        raise CorpusError(
            f"{folds} folds were asked for, but class '{classes[fewest]}' has only {found[fewest]} labelled groups "
            f"(lesions or patients, which are never parted). {_WHERE_FOLDS}"
        )
    numbers = pd.factorize(groups, sort=True)[0]
    order = np.argsort(numbers, kind="stable")
    dealt = np.empty((len(labels), repeats), dtype=np.int64)
    for repeat in range(repeats if len(labels) else 0):
        dealt[order, repeat] = _deal(labels[order], numbers[order], folds, derived(seed, "folds", repeat, bits=32))
        _check_classes(labels, dealt[:, repeat], folds, classes)
    return dealt


def _deal(labels: NDArray[np.int64], groups: NDArray[np.intp], folds: int, seed: int) -> NDArray[np.int64]:
    alone = len(np.unique(groups)) == len(groups)
    dealer = (StratifiedKFold if alone else StratifiedGroupKFold)(folds, shuffle=True, random_state=seed)
    dealt = np.empty(len(labels), dtype=np.int64)
    for fold, (_, members) in enumerate(dealer.split(labels, labels, None if alone else groups)):
        dealt[members] = fold
    return dealt


def _check_classes(labels: NDArray[np.int64], dealt: NDArray[np.int64], folds: int, classes: Sequence[str]) -> None:
    for label in np.unique(labels):
        missing = sorted(set(range(folds)) - set(dealt[labels == label].tolist()))
        if missing:
            raise CorpusError(
                f"Every one of {folds} folds needs images of class '{classes[label]}', but its groups are too uneven: "
                f"fold {missing[0]} got none. {_WHERE_FOLDS}"
            )
