"""Removing files and folders without following links; what resists is named, and the rest goes all the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path


def remove(paths: Iterable[Path]) -> list[str]:
    """Remove files and folders, those that are gone already left aside.

    Returns:
        What is still there, and why.
    """
    failures = []
    for path in paths:
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            failures.append(f"{path}: {error}")
    return failures


def remove_empty_parents(paths: Iterable[Path], top: Path) -> None:
    """Remove the folders that held these paths and are now empty, up to but without the folders right in `top`."""
    for path in paths:
        for folder in path.parents:
            if folder.parent == top or not folder.is_relative_to(top):
                break
            try:
                folder.rmdir()
            except OSError:  # something else is in it
                break


def measure(paths: Iterable[Path]) -> tuple[int, int]:
    """Count files and bytes; links count as what they are."""
    sizes = [file.lstat().st_size for path in paths for file in _files(path)]
    return len(sizes), sum(sizes)


def size_text(size: int) -> str:
    """Bytes in the unit that reads best."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in (*files, *links))
