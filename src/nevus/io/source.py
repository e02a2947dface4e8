"""Where the raw images lie, as a Kedro dataset."""

import difflib
import shlex
import zipfile
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Source, SourceError
from nevus.file_contents import recognise
from nevus.io.archives import first_bytes, unpacking_of
from nevus.io.raw_files import FolderSource, ZipSource
from nevus.quarantine import ARCHIVE, EMPTY


class SourceDataset(AbstractDataset[None, Source | None]):
    """Where the raw images lie: a zip archive or a folder on this machine.

    Args:
        filepath: The archive or the folder; null for data that is drawn, not read.
        obtain: Where to get the data and where to put it, for the message when it is missing.
        metadata: Ignored here, read by plugins.
    """

    wanted, parameter = "a zip archive or a folder with images", "source"  # in messages

    def __init__(self, *, filepath: str | None, obtain: str = "", metadata: dict[str, Any] | None = None) -> None:
        self._path = None if filepath is None else Path(filepath)
        self._obtain = obtain
        self.metadata = metadata

    def load(self) -> Source | None:
        """Open the source.

        Raises:
            SourceError: Nothing is there, or it is neither a zip archive nor a folder, or it is empty or broken
                (Kedro hands it on as the cause of a `DatasetError`).
        """
        if self._path is None:
            return None
        try:
            source = self._open(self._path)
        except (OSError, ValueError) as error:  # a name that is too long, a folder that may not be entered
            raise self._refusal(self._path, f"it cannot be reached ({error})") from error
        try:
            names = source.names()
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise self._refusal(self._path, f"it cannot be read ({error})") from error
        if not names:
            raise self._refusal(self._path, "it holds no files")
        return source

    def save(self, data: None) -> None:
        """Refuse: raw data is never changed.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError(f"{self._path} is raw data, which is only read. Let the node save to another dataset.")

    def _open(self, path: Path) -> Source:
        if path.is_dir():
            return FolderSource(path)
        if not path.exists():
            raise self._refusal(path, f"nothing is there{_near(path)}")
        if zipfile.is_zipfile(path):
            return ZipSource(path)
        if (unpacking := unpacking_of(path)) is not None:
            raise SourceError(
                f"Wanted {self.wanted} at {path}, but found an archive that is not read in "
                f"place. Unpack it by `{unpacking.command}`, and give `--params {self.parameter}={unpacking.folder}`."
            )
        start = first_bytes(path)
        found = recognise(start)
        if found is not None and found not in (EMPTY, ARCHIVE):
            raise SourceError(f"Wanted {self.wanted}, but found at {path} a {found.said}. {found.advice}")
        if start.startswith(b"PK"):
            raise self._refusal(
                path,
                f"its end is missing ({path.stat().st_size:,} bytes): the download broke off, so fetch it again, or "
                f"it is one part of several, which `7z x {shlex.quote(path.name)}` beside the others unpacks",
            )
        if start and path.suffix.lower() != ".zip":
            raise self._refusal(
                path, f"it is a single file; name its folder instead: --params {self.parameter}={path.parent}"
            )
        raise self._refusal(path, f"it is not a zip archive, or a broken one ({path.stat().st_size:,} bytes)")

    def _refusal(self, path: Path, found: str) -> SourceError:
        return SourceError(f"Wanted {self.wanted} at {path}, but {found}. {self._obtain}".strip())

    def _exists(self) -> bool:
        try:
            return self._path is None or self._path.exists()
        except (OSError, ValueError):
            return False

    def _describe(self) -> dict[str, Any]:
        return {"filepath": None if self._path is None else str(self._path)}


def _near(path: Path) -> str:
    """What is there instead, as the end of a sentence: a name like this one, or how far the path leads."""
    there = next(folder for folder in path.parents if folder.is_dir())
    if there != path.parent:
        return f", nor its folder: of this path there is no more than {there}"
    names = sorted(entry.name for entry in there.iterdir())
    alike = [name for name in names if Path(name).stem.casefold() == path.stem.casefold()]
    close = alike or difflib.get_close_matches(path.name, names, n=1)
    return f", but beside it lies '{close[0]}'" if close else ""
