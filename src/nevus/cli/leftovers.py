"""What runs have left under data/: which folders belong to which run or packed corpus of which data set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

RAW = "01_raw"  # the user's own
METHOD = re.compile(r"(\w+)((?:\.\w+)*)(-.+)?")  # `ssgan.baseline-wide` belongs to `ssgan-wide`
SEED = re.compile(r"seed\d+")  # see nevus.configuration.run_folder
PACKED = re.compile(r"\d+px-\w+")  # see `_packed` in conf/base/catalog/run.yml
SWEEPS = "sweeps"  # the tables of `kedro sweep`, beside the runs
JOURNALS = "untracked-*.json"
LEDGER = "test_ledger.jsonl"  # of a data set, beside its runs; see nevus.io.ledger


@dataclass(frozen=True)
class Leftover:
    """All folders of one run, or of one packed corpus.

    Attributes:
        dataset: The data set, as in conf/*/globals.yml.
        name: `ssgan-wide/seed1` for a run with those of its baseline, `32px-squash` for a corpus, `sweeps/budgets` for
            the tables of a sweep.
        folders: Absolute, none of them a link nor behind one inside data/.
    """

    dataset: str
    name: str
    folders: tuple[Path, ...]

    @property
    def is_corpus(self) -> bool:
        """Whether it is a packed corpus, which all runs of its data set share."""
        return PACKED.fullmatch(self.name) is not None

    def __str__(self) -> str:
        kind = "corpus" if self.is_corpus else "tables of" if self.name.startswith(f"{SWEEPS}/") else "run"
        return f"{kind} {self.name} of {self.dataset}"


def find_leftovers(data: Path) -> tuple[list[Leftover], list[Path]]:
    """Look through data/, except for the raw files.

    Args:
        data: The folder.

    Returns:
        What runs and corpora have left, sorted; and the places that hold anything else, links among them.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    others: set[Path] = set()
    if data.is_symlink():
        return [], [data]
    for path in _walk(data) if data.is_dir() else ():
        parts = path.relative_to(data).parts
        key = None if path.is_symlink() or not path.is_dir() else _owner(parts)
        if key is None:
            others.add(data.joinpath(*parts[:2]))
        else:
            found.setdefault(key, []).append(path)
    return [Leftover(*key, tuple(folders)) for key, folders in sorted(found.items())], sorted(others)


def select(leftovers: Iterable[Leftover], dataset: str | None, names: Iterable[str] = ()) -> list[Leftover]:
    """Those of a data set (None: of all), or of these only its runs that one of the names or patterns means."""
    inside = [one for one in leftovers if dataset in (None, one.dataset)]
    wanted = list(names)
    if not wanted:
        return inside
    return [one for one in inside if not one.is_corpus and any(fnmatchcase(one.name, name) for name in wanted)]


def obstacle(leftover: Leftover, protected: Mapping[Path, str], *, with_untracked: bool) -> str | None:
    """Why it has to stay; None where nothing speaks against removing it.

    Args:
        leftover: Of a run or a corpus.
        protected: Files and folders that stay, and what each is.
        with_untracked: Whether runs go whose record MLflow has not got yet.
    """
    for folder in leftover.folders:
        for path, what in protected.items():
            if path.is_relative_to(folder) or folder.is_relative_to(path):
                return f"{path} is {what}"
        journal = None if with_untracked else next(folder.glob(JOURNALS), None)
        if journal is not None:
            return f"it is not tracked yet; `kedro track {journal}` does that, and --untracked removes it all the same"
    return None


def locks_in(leftover: Leftover) -> list[Path]:
    """The lock files in its folders, which a process holds that writes there."""
    return sorted(path for folder in leftover.folders for path in folder.rglob(".*.lock") if path.is_file())


def _walk(data: Path, depth: int = 1) -> Iterator[Path]:
    """All that belongs to a run or a corpus as one path, and all else that is no folder on the way there."""
    folder_depth = 4  # data/<layer>/<data set>/<method>/<seed>
    for path in sorted(_entries(data)):
        parts = path.parts[-depth:]
        if parts[0] == RAW:
            continue
        inner = path.is_dir() and not path.is_symlink() and depth < folder_depth and _owner(parts) is None
        yield from _walk(path, depth + 1) if inner else (path,)


def _entries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if not path.name.startswith(".") and path.name != LEDGER]


def _owner(parts: tuple[str, ...]) -> tuple[str, str] | None:
    """Data set and name of what lies at a path below data/."""
    if len(parts) == 3 and PACKED.fullmatch(parts[2]):
        return parts[1], parts[2]
    if len(parts) == 4 and parts[2] == SWEEPS:
        return parts[1], f"{SWEEPS}/{parts[3]}"
    if len(parts) == 4 and SEED.fullmatch(parts[3]) and (method := METHOD.fullmatch(parts[2])):
        return parts[1], f"{method[1]}{method[3] or ''}/{parts[3]}"
    return None
