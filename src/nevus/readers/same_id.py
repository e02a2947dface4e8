"""Files of one image id, where the id is the file's name: copies in other folders, masks, thumbnails."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nevus.contracts import Source, SourceError

DIFFERENT = "several different files of one id"


class Settled(NamedTuple):
    """One file an id, or none.

    Attributes:
        files: Image id to file name.
        torn: Ids of several files that differ: nobody can tell which of them is the image.
        quarantine: (name, reason) of each file that is not in `files`.
    """

    files: dict[str, str]
    torn: frozenset[str]
    quarantine: list[tuple[str, str]]


def settle(source: Source, named: Mapping[str, Sequence[str]]) -> Settled:
    """Find the file of each id.

    Only files that share an id are read. Of equal ones the first is taken; of different ones none is.

    Args:
        source: Where the files lie.
        named: Image id to the names of its files, one at least.
    """
    files: dict[str, str] = {}
    torn: set[str] = set()
    quarantine: list[tuple[str, str]] = []
    for image_id, (first, *others) in named.items():
        if not others or _equal(source, [first, *others]):
            files[image_id] = first
            quarantine += [(name, f"same image id as another file: {first}") for name in others]
        else:
            torn.add(image_id)
            quarantine += [(name, f"{DIFFERENT}: {image_id}") for name in (first, *others)]
    return Settled(files, frozenset(torn), quarantine)


def _equal(source: Source, names: Sequence[str]) -> bool:
    try:
        return len({hashlib.sha256(source.read([name])[0]).digest() for name in names}) == 1
    except SourceError:  # what cannot be read cannot be compared
        return False
