"""Makers of fake folder trees: a folder a split and a class, and a folder a diagnosis."""

from collections.abc import Mapping, Sequence

from tests.fakes import fake_jpeg

CLASSES = ("benign", "malignant")


def image_folder_files(
    counts: Mapping[str, int] | None = None,
    *,
    classes: Sequence[str] = CLASSES,
    unlabeled: int = 0,
    top: str = "",
    empty: bool = False,
) -> dict[str, bytes]:
    """Files such as `train/benign/0.jpg`, 8 x 8 pixels, every image another.

    Args:
        counts: Images of each class by the name of the split's folder; three in train and two in test if None.
        classes: Names of the class folders.
        unlabeled: Images in `unlabeled/`.
        top: Put before every name, such as "data/".
        empty: Files without content, for tests of names alone.
    """
    counts = {"train": 3, "test": 2} if counts is None else counts
    names = [f"{split}/{name}/{i}.jpg" for split, count in counts.items() for name in classes for i in range(count)]
    return _files([*names, *(f"unlabeled/{i}.jpg" for i in range(unlabeled))], top, empty)


def diagnosis_files(
    counts: Mapping[str, int] | None = None, *, inner: str = "gan_input/", top: str = "", empty: bool = False
) -> dict[str, bytes]:
    """Files such as `akiec/gan_input/0.jpg`, 8 x 8 pixels, every image another.

    Args:
        counts: Images by diagnosis; three of akiec and two of nv if None.
        inner: Between diagnosis and image.
        top: Put before every name, such as "data/".
        empty: Files without content, for tests of names alone.
    """
    counts = {"akiec": 3, "nv": 2} if counts is None else counts
    return _files([f"{name}/{inner}{i}.jpg" for name, count in counts.items() for i in range(count)], top, empty)


def _files(names: Sequence[str], top: str, empty: bool) -> dict[str, bytes]:
    return {top + name: b"" if empty else fake_jpeg(seed) for seed, name in enumerate(names)}
