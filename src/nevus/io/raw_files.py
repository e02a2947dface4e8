"""Raw files under names, in a zip or a folder. Nothing is ever extracted to disk."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nevus.contracts import SourceError

MAX_MEMBER_BYTES = 1 << 30  # one image file; what claims to be larger is a zip bomb or not an image


class ZipSource:
    """The files of one zip archive.

    The archive is opened at the first use and stays open; a copy in another process (pickled or forked) opens its own,
    because processes that share one file position read each other's bytes.

    Args:
        path: The archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: tuple[int, zipfile.ZipFile] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_opened": None}

    @property
    def fingerprint(self) -> str:
        """Of the names, sizes and checksums that the archive lists; nothing is decompressed."""
        members = sorted((i.filename, i.file_size, i.CRC) for i in self._archive().infolist())
        return hashlib.sha256(repr(members).encode()).hexdigest()

    def names(self) -> list[str]:
        """The names as they stand in the archive, sorted, folders left out."""
        return sorted(i.filename for i in self._archive().infolist() if not i.is_dir())

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of the named members, in order.

        Raises:
            SourceError: A member is missing, encrypted, damaged or larger than `MAX_MEMBER_BYTES`.
        """
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes:
        archive = self._archive()
        try:
            if (found := archive.getinfo(name).file_size) > MAX_MEMBER_BYTES:
                raise SourceError(f"'{name}' in {self.path} would unpack to {found:,} bytes, more than an image has.")
            return archive.read(name)
        except KeyError:
            raise SourceError(f"{self.path} holds no file named '{name}'.") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError) as error:
            # RuntimeError: encrypted; NotImplementedError, a kind of it: an unknown compression
            raise SourceError(f"'{name}' in {self.path} cannot be unpacked: {error}") from error

    def _archive(self) -> zipfile.ZipFile:
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), zipfile.ZipFile(self.path))
        return self._opened[1]


class FolderSource:
    """The files in a folder and its subfolders. Symbolic links are listed, and read only if they stay inside.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def fingerprint(self) -> str:
        """Of the relative names, sizes and times of change; nothing is read."""
        found = ((name, status.st_size, status.st_mtime_ns) for name, status in self._walk(self.path))
        return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()

    def names(self) -> list[str]:
        """Names relative to the folder with forward slashes, sorted."""
        return sorted(name for name, _ in self._walk(self.path))

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of the named files, in order.

        Raises:
            SourceError: A file is missing, cannot be read or lies outside the folder.
        """
        root = self.path.resolve()
        return [self._read(root, name) for name in names]

    def _read(self, root: Path, name: str) -> bytes:
        try:
            path = (root / name).resolve()
            if not path.is_relative_to(root):
                raise SourceError(f"'{name}' leads out of {self.path}; files elsewhere are not read.")
            if not path.is_file():  # reading a pipe would wait for ever
                raise SourceError(f"{self.path} holds no file named '{name}'.")
            return path.read_bytes()
        except (OSError, ValueError, RuntimeError) as error:
            raise SourceError(f"'{name}' in {self.path} cannot be read: {error}") from error

    def _walk(self, folder: Path, prefix: str = "") -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path), f"{name}/")
                elif entry.is_symlink() or entry.is_file():
                    yield name, entry.stat(follow_symlinks=False)
