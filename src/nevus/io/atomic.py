"""Files that are old or new, and whole, whatever happens and however many processes write them."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path, PurePosixPath
from typing import IO, Any
from uuid import uuid4

_SUFFIX = ".part"
_FORGOTTEN = 24 * 3600.0  # seconds without a change after which nobody can still be writing a file


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a name beside the file to write to; what was written there takes its place at the end.

    The name is unique, so that processes that write the same file do not meet; the last one to finish wins. The new
    file reaches the disk before the old one goes. If the writing fails, the old file stays and the new one is removed.

    Args:
        path: The file; missing folders are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_forgotten(path)
    beside = path.with_name(f".{path.name}.{uuid4().hex}{_SUFFIX}")
    try:
        yield beside
        with beside.open("rb+") as file:
            sync(file)
        beside.replace(path)
        sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Hand out an empty folder to fill, which takes the place of another at the end; a reader finds the old or the new.

    Args:
        path: The folder; it and missing ones above it are made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as scratch:
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        yield fresh
        if path.exists():
            path.rename(Path(scratch) / "replaced")
        fresh.rename(path)
        sync_folder(path.parent)


def sync(file: IO[Any]) -> None:
    """Wait until the disk has what was written to an open file."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_forgotten(path: Path) -> None:
    """Remove what killed processes left; a file that changed lately may still be written by another one."""
    for entry in path.parent.iterdir():
        if entry.name.startswith(f".{path.name}.") and entry.name.endswith(_SUFFIX):
            try:
                if time.time() - entry.stat().st_mtime > _FORGOTTEN:
                    entry.unlink()
            except FileNotFoundError:  # whoever wrote it has finished
                continue


class Atomic:
    """Put before one of Kedro's own dataset classes of one file, it lets that save by `replacing`.

    Only on a local disk, since object stores show no half-written file, and not of files that Kedro keeps a version of,
    since no version takes another's place.

    Example:
        ```python
        class ParquetDataset(Atomic, pandas.ParquetDataset): ...
        ```
    """

    def save(self, data: Any) -> None:
        """Save like the dataset itself, beside the file, and move that into place."""
        dataset: Any = self
        if dataset._protocol != "file" or dataset._version is not None:
            super().save(data)  # type: ignore[misc]
            return
        with replacing(Path(dataset._get_save_path())) as beside:
            elsewhere = copy(dataset)  # messages still name the true file
            elsewhere._get_save_path = lambda: PurePosixPath(beside.as_posix())
            super(Atomic, elsewhere).save(data)  # type: ignore[misc]
