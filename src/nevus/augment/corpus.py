"""Augmented copies of the training images of a corpus; their pixels are drawn when somebody looks at them."""

import hashlib
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nevus.augment.operations import OperationOptions
from nevus.augment.options import CopiesOptions
from nevus.augment.policy import Augment
from nevus.contracts import Corpus, CorpusError, Pixels, Table

AUGMENTED = "labeled"  # the only split that is ever augmented


class AugmentedPixels:
    """Pixels of images and of their copies, indexed like an array; nothing is held, so the memory stays flat.

    A copy is drawn by its own seed, so that it is the same whenever and in whatever order the images are read.

    Args:
        pixels: (N, H, W, 3) uint8, may be memory-mapped.
        rows: (M,) int64, for each image the row in `pixels`.
        seeds: (M,) int64, of the copy's draw; below 0 for an image as it is.
        policy: How a copy may be changed.
    """

    def __init__(
        self, pixels: Pixels, rows: NDArray[np.int64], seeds: NDArray[np.int64], policy: Sequence[OperationOptions]
    ) -> None:
        self._pixels, self._rows, self._seeds = pixels, rows, seeds
        self._augment = Augment(policy)
        self._positions = np.arange(len(rows))
        self.shape = (len(rows), *pixels.shape[1:])
        self.dtype = pixels.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Pixels:
        """One image (H, W, 3), or for a slice, a list or an array of positions (n, H, W, 3)."""
        positions = self._positions[index]
        if positions.ndim == 0:
            return self._image(int(positions))
        images = np.empty((len(positions), *self.shape[1:]), dtype=np.uint8)
        for number, position in enumerate(positions):
            images[number] = self._image(int(position))
        return images

    def _image(self, position: int) -> Pixels:
        image = np.array(self._pixels[self._rows[position]])  # a copy: torch wants memory that it may write to
        seed = int(self._seeds[position])
        if seed < 0:
            return image
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            planes = torch.from_numpy(image).permute(2, 0, 1).unsqueeze(0).float().div_(127.5).sub_(1)
            changed = self._augment(planes)[0].permute(1, 2, 0)
        drawn: Pixels = changed.clamp_(-1, 1).add_(1).mul_(127.5).round_().to(torch.uint8).numpy()
        return drawn


def with_training_copies(corpus: Corpus, options: CopiesOptions) -> Corpus:
    """Add the copies of training images that are asked for; the corpus itself where none are.

    Raises:
        CorpusError: There is no training image, or not enough classes to balance.
    """
    if options.mode == "none":
        return corpus
    training = (corpus.manifest["split"] == AUGMENTED).to_numpy()
    if not training.any():
        raise CorpusError(
            f"copies.mode is {options.mode}, but there is no labelled training image to make copies of. Set it to "
            "none, or look at the splits by `kedro run --pipeline=ingestion`."
        )
    copies = np.zeros(len(training), dtype=np.int64)
    if options.mode == "all":
        copies[training] = options.number
    else:
        rows = corpus.manifest[training]
        copies[training] = copies_to_ratio(
            rows["label"].to_numpy(dtype=np.int64),
            rows["image_id"].to_numpy(dtype=object),
            ratio=options.ratio,
            positives=options.positives,
            classes=corpus.classes,
            seed=options.seed,
        )
    return with_copies(corpus, copies, options.policy, seed=options.seed)


def with_copies(corpus: Corpus, copies: NDArray[np.int64], policy: Sequence[OperationOptions], *, seed: int) -> Corpus:
    """Add augmented copies behind each image.

    A copy is called `<image_id>_aug1` and so on, and keeps everything else of its image. An image without a group
    becomes one together with its copies, so that nothing tears them apart later.

    Args:
        corpus: Images; `row` is the position in the pixels.
        copies: (N,) int64, how many of each image.
        policy: How a copy may be changed.
        seed: A copy's draw depends on this and its name alone.

    Returns:
        The images and copies, with `row` counted from 0; its pixels are `AugmentedPixels`.

    Raises:
        CorpusError: Images that do not train would be copied, or a copy's name is taken.
    """
    wrong = corpus.manifest["split"].ne(AUGMENTED).to_numpy() & (copies > 0)
    if wrong.any():
        raise CorpusError(
            f"Only images of the split {AUGMENTED} are augmented, but copies were wanted of {wrong.sum():,} others, "
            f"such as '{corpus.manifest['image_id'].to_numpy()[wrong][0]}'. Ask for 0 copies of these."
        )
    table, number = _repeat(corpus.manifest, copies)
    rows = table["row"].to_numpy(dtype=np.int64)
    seeds = np.array([lot(name, seed) if n else -1 for name, n in zip(table["image_id"], number, strict=True)])
    pixels = AugmentedPixels(corpus.pixels, rows, seeds.astype(np.int64), policy)
    # Whoever indexes a corpus' pixels need not know that these are not in memory.
    return corpus._replace(manifest=table.assign(row=np.arange(len(table))), pixels=cast("Pixels", pixels))


def _repeat(manifest: Table, copies: NDArray[np.int64]) -> tuple[Table, NDArray[np.int64]]:
    """Each row followed by its copies under new names, and the number of each copy, 0 for the image itself."""
    times = copies + 1
    number = np.arange(times.sum()) - np.repeat(times.cumsum() - times, times)
    table = manifest.iloc[np.repeat(np.arange(len(manifest)), times)].reset_index(drop=True)
    ids, alone = table["image_id"], np.repeat(copies == 0, times)
    renamed = ids.where(number == 0, ids + "_aug" + number.astype(str))
    if renamed.duplicated().any():
        raise CorpusError(
            f"A copy would be called '{renamed[renamed.duplicated()].iloc[0]}', but there is an image of that name: "
            "the corpus holds augmented images already. Set copies.mode to none, or start from the originals."
        )
    groups = table["group_id"].where(table["group_id"].notna() | alone, ids)
    return table.assign(image_id=renamed, group_id=groups), number


def copies_to_ratio(
    labels: NDArray[np.int64],
    ids: NDArray[Any],
    *,
    ratio: float,
    positives: tuple[str, ...] | None,
    classes: tuple[str, ...],
    seed: int,
) -> NDArray[np.int64]:
    """How many copies of each image bring the classes to a ratio: none where a class has enough already.

    Args:
        labels: (n,) positions in `classes`.
        ids: (n,) names; within a class, which images get one copy more than others follows from these and the seed.
        ratio: Images of each positive class wanted for each image of the largest other class.
        positives: Names of the classes to augment; None for all but the largest.
        classes: Names of all classes.
        seed: Of the draw.

    Returns:
        (n,) numbers of copies; those of one class differ by 1 at most.

    Raises:
        CorpusError: A positive class is unknown or has no image, or no other class has one to compare with.
    """
    counts = np.bincount(labels, minlength=len(classes))
    chosen = _positive_classes(counts, positives, classes)
    others = [label for label in range(len(classes)) if label not in chosen]
    wanted = round(ratio * int(counts[others].max()))
    copies = np.zeros(len(labels), dtype=np.int64)
    for label in chosen:
        members = np.flatnonzero(labels == label)
        each, rest = divmod(max(wanted - len(members), 0), len(members))
        members = members[np.argsort([lot(str(name), seed) for name in ids[members]], kind="stable")]
        copies[members] = each
        copies[members[:rest]] += 1
    return copies


def _positive_classes(
    counts: NDArray[np.int64], positives: tuple[str, ...] | None, classes: tuple[str, ...]
) -> list[int]:
    if positives is None:
        chosen = [label for label in range(len(classes)) if label != int(counts.argmax())]
    else:
        chosen = [label for label, name in enumerate(classes) if name in positives]
    found = ", ".join(f"{name} {count:,}" for name, count in zip(classes, counts, strict=True))
    said = f"The classes and their training images are: {found}. See copies.positives in conf/base/parameters."
    if unknown := set(positives or ()) - set(classes):
        raise CorpusError(f"copies.positives names '{min(unknown)}', which is no class. {said}")
    if empty := [classes[label] for label in chosen if not counts[label]]:
        raise CorpusError(f"The class '{empty[0]}' has no training image to make copies of. {said}")
    if not 0 < len(chosen) < len(classes):
        raise CorpusError(f"copies.positives must name some of the classes, but not all. {said}")
    if not np.delete(counts, chosen).any():
        raise CorpusError(
            f"Copies are made until a ratio to the largest other class is reached, but besides "
            f"{', '.join(classes[label] for label in chosen)} no class has a training image. Name fewer classes in "
            f"copies.positives, or set copies.mode to all. {said}"
        )
    return chosen


def lot(name: str, seed: int) -> int:
    """A random number of 63 bits that depends on the name and the seed alone, on any machine."""
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
