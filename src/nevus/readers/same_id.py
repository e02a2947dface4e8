"""Files of one image id, where the id is the file's name: copies in other folders, masks, thumbnails."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nevus.contracts import Source, SourceError
from nevus.quarantine import EQUAL_COPY, SEVERAL_FILES
from nevus.readers.companions import folders_around
from nevus.readers.names import Names


class Settled(NamedTuple):
    """One file an id, or none.

    Attributes:
        files: Image id to file name.
        torn: Id to its files, of several that differ: nobody can tell which of them is the image.
        quarantine: (name, reason) of each file that is not in `files`.
    """

    files: dict[str, str]
    torn: dict[str, tuple[str, ...]]
    quarantine: list[tuple[str, str]]


def settle(source: Source, named: Mapping[str, Sequence[str]]) -> Settled:
    """Find the file of each id.

    Only files that share an id are read. Of equal ones the first is taken; of different ones none is.

    Args:
        source: Where the files lie.
        named: Image id to the names of its files, one at least.
    """
    files: dict[str, str] = {}
    torn: dict[str, tuple[str, ...]] = {}
    quarantine: list[tuple[str, str]] = []
    for image_id, (first, *others) in named.items():
        if not others or equal(source, [first, *others]):
            files[image_id] = first
            quarantine += [(name, EQUAL_COPY.of(first)) for name in others]
        else:
            torn[image_id] = (first, *others)
            quarantine += [(name, SEVERAL_FILES.of(", ".join(torn[image_id]))) for name in torn[image_id]]
    return Settled(files, torn, quarantine)


def without_nested_copies(source: Source, names: Names) -> tuple[Names, list[tuple[str, str]]]:
    """Names without the images that a tree inside itself holds once more, such as `data/train/x.jpg` of `train/x.jpg`.

    Args:
        source: Where they lie; only files that seem to be copies are read, with their originals.
        names: Folders around all images are left out of the comparison.

    Returns:
        The names that stay; (name, reason) of each copy. A single folder within another is not a tree: that
        may be a class inside a class.
    """
    around = folders_around(names.images)
    short = {name.split("/", around)[-1]: name for name in names.images}
    trees: dict[str, dict[str, str]] = defaultdict(dict)
    for path, name in short.items():
        if (original := next((inner for inner in _inner(path) if inner in short), None)) is not None:
            trees[path.removesuffix(original)][original] = name
    aside = [
        (name, EQUAL_COPY.of(short[original]))
        for tree in trees.values()
        if len({original.rpartition("/")[0] for original in tree}) > 1
        for original, name in tree.items()
        if equal(source, [short[original], name])
    ]
    copies = {name for name, _ in aside}
    return names._replace(images=[name for name in names.images if name not in copies]), aside


def _inner(path: str) -> Iterator[str]:
    """The path without its first folder, without two, and so on; with one folder at least."""
    while (path := path.partition("/")[2]).count("/"):
        yield path


def equal(source: Source, names: Sequence[str]) -> bool:
    """Whether all these files have the same bytes; False where one of them cannot be read."""
    try:
        return len({hashlib.sha256(source.read([name])[0]).digest() for name in names}) == 1
    except SourceError:  # what cannot be read cannot be compared
        return False
