"""Which file a row of a table means, however its path is written: another machine's folders, other case, no suffix."""

import logging
import posixpath
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from nevus.contracts import Source
from nevus.readers.names import SUFFIXES, Names
from nevus.readers.same_id import equal

NUMBER = re.compile(r"([0-9]+)[.,]0+")  # a column with gaps holds the id 7 as 7.0
ISIC_ID = re.compile(r"(ISIC_[0-9]{7})(_downsampled)?", re.IGNORECASE)
EXACT, TAIL, NAME, STEM = "exact path", "end of the path", "file name", "file name without suffix"

logger = logging.getLogger(__name__)


class Matches(NamedTuple):
    """What the rows mean.

    Attributes:
        files: The file of each row, or None.
        rivals: Path of a row, as written, to the different files that fit it equally well.
        copies: File to the equal file that is taken in its place.
    """

    files: list[str | None]
    rivals: dict[str, tuple[str, ...]]
    copies: dict[str, str]


class _Found(NamedTuple):
    files: tuple[str, ...]
    rule: str
    agreed: int  # folders and names at the end that are alike
    is_elsewhere: bool  # the path has folders that the file has not


NOTHING = _Found((), "", 0, False)


def match(source: Source, paths: Sequence[object], names: Names, *, folder: str = ".") -> Matches:
    r"""Find the file of each path.

    An exact path comes first, from the table's folder or from the source's. Then, ignoring case and Unicode forms, the
    file that agrees with most of the path's end, be it the name alone; then the same without suffixes. A path never
    leads out of the source: of `../x.jpg` or `C:\data\x.jpg` only the end is looked for, among the source's files.
    Where nothing fits, addresses are taken apart (`https://host/a%20b.jpg?raw=1`), and `7.0` is tried as 7. Companions
    are found only where no image is. Of files that differ by case alone, the one that is written so is taken; of equal
    files the first, and of different ones none.

    Args:
        source: Where the files lie; those that fit equally well are read and compared.
        paths: Text of a table, or null.
        names: The source's.
        folder: The table's.
    """
    exact = {_normal(name): name for name in (*names.images, *names.companions, *names.others)}
    pools = [_Pool(names.images), _Pool(names.companions)]
    found = [_find(path, exact, pools, folder) if isinstance(path, str) else NOTHING for path in paths]
    _yield_to_better(found)
    files: list[str | None] = []
    rivals: dict[str, tuple[str, ...]] = {}
    copies: dict[str, str] = {}
    for path, (candidates, *_) in zip(paths, found, strict=True):
        if len(candidates) > 1 and not equal(source, candidates):
            rivals[str(path)] = candidates
            files.append(None)
        else:
            files.append(candidates[0] if candidates else None)
            copies |= dict.fromkeys(candidates[1:], candidates[0]) if candidates else {}
    counts = Counter(one.rule for one, file in zip(found, files, strict=True) if file is not None)
    if set(counts) - {EXACT}:
        logger.info("Rows matched with files: %s.", ", ".join(f"{n:,} by {rule}" for rule, n in counts.most_common()))
    return Matches(files, rivals, copies)


def bare_id(text: object) -> str | None:
    """An image id without folders and image suffix; ids of the ISIC archive in their own case. Null stays null."""
    if not isinstance(text, str):
        return None
    name = PurePosixPath(text.replace("\\", "/")).name
    stem = _stem(name)
    found = ISIC_ID.fullmatch(stem)
    return f"{found[1].upper()}{(found[2] or '').lower()}" if found else stem


class _Pool:
    """Files by what their paths end in."""

    def __init__(self, names: Iterable[str]) -> None:
        self._ends: dict[str, dict[tuple[str, ...], list[str]]] = {NAME: defaultdict(list), STEM: defaultdict(list)}
        for name in names:
            for rule, end in _ends([_key(part) for part in PurePosixPath(name).parts]):
                for cut in range(len(end)):
                    self._ends[rule][end[cut:]].append(name)

    def find(self, parts: Sequence[str]) -> _Found:
        """The files that agree with most of these folders and the name; of several, those of the same case."""
        keys = [_key(part) for part in parts]
        for (rule, end), (_, written) in zip(_ends(keys), _ends(parts), strict=True):
            for cut in range(len(end)):
                if files := self._ends[rule].get(end[cut:]):
                    agreed = len(end) - cut
                    same = [name for name in files if len(files) > 1 and _is_written(name, rule, written[cut:])]
                    found = tuple(same or files)
                    return _Found(found, TAIL if agreed > 1 and rule == NAME else rule, agreed, cut > 0)
        return NOTHING


def _ends(parts: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The whole path by each rule: with the file's name, and without its suffix."""
    return (NAME, tuple(parts)), (STEM, (*parts[:-1], _stem(parts[-1])))


def _is_written(name: str, rule: str, written: tuple[str, ...]) -> bool:
    end = dict(_ends(PurePosixPath(_normal(name)).parts))[rule]
    return end[-len(written) :] == written


def _find(path: str, exact: dict[str, str], pools: Sequence[_Pool], folder: str) -> _Found:
    results = (_find_written(spelling, exact, pools, folder) for spelling in _spellings(path))
    return next((result for result in results if result.files), NOTHING)


def _spellings(path: str) -> Iterator[str]:
    """The path as it is written, then what else it may mean."""
    yield path
    if "://" in path:
        yield unquote(urlsplit(path).path)
    elif "%" in path:
        yield unquote(path)
    elif (number := NUMBER.fullmatch(path)) is not None:
        yield number[1]


def _find_written(path: str, exact: dict[str, str], pools: Sequence[_Pool], folder: str) -> _Found:
    relative = _normal(path.replace("\\", "/"))
    for place in (posixpath.join(folder, relative), relative):
        if (name := exact.get(posixpath.normpath(place))) is not None:
            return _Found((name,), EXACT, len(PurePosixPath(name).parts) + 1, False)
    parts = [part for part in PurePosixPath(re.sub("^[A-Za-z]:", "", relative)).parts if part not in ("..", "/", "//")]
    results = (pool.find(parts) for pool in pools) if parts else ()
    return next((result for result in results if result.files), NOTHING)


def _yield_to_better(found: list[_Found]) -> None:
    """Take a file from each row whose folders are others where another row means this very file: it is another image.

    `train/1.jpg` must not become `test/1.jpg` because it is the only `1.jpg` that is left.
    """
    best: dict[str, int] = defaultdict(int)
    for one in found:
        if len(one.files) == 1:
            best[one.files[0]] = max(best[one.files[0]], one.agreed)
    for row, one in enumerate(found):
        if len(one.files) == 1 and one.is_elsewhere and one.agreed < best[one.files[0]]:
            found[row] = NOTHING


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _key(text: str) -> str:
    return _normal(text).casefold()


def _stem(name: str) -> str:
    path = PurePosixPath(name)  # where systems hide suffixes, people write them twice
    return _stem(path.stem) if path.suffix.lower() in SUFFIXES else name
