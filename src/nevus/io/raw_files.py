"""Raw files under names, in a zip or a folder. Nothing is ever extracted to disk."""

import hashlib
import logging
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from nevus.contracts import SourceError
from nevus.file_names import of_zip
from nevus.quarantine import ANNEX_POINTER, LOST_LINK, NOT_ALLOWED, NOT_UNPACKED, SetAsideError

MAX_MEMBER_BYTES = 1 << 30  # one image file; what claims to be larger is a zip bomb or not an image

logger = logging.getLogger(__name__)


UTF8 = 0x800  # flag of a member whose name is UTF-8


class _Opened(NamedTuple):
    process: int
    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]  # files by name, folders left out
    torn: frozenset[str]  # names of several members that differ


class ZipSource:
    """The files of one zip archive.

    The archive is opened at the first use and stays open; a copy in another process (pickled or forked) opens its own,
    because processes that share one file position read each other's bytes.

    Names are those that were packed, with `/` where Windows wrote a backslash; they may still be hostile, and nothing
    is opened by them. A name that comes more than once, as after packing twice into one archive, is listed once. Where
    the members of one name differ, nobody can tell which is meant, and none of them is read.

    Args:
        path: The archive.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: _Opened | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_opened": None}

    @property
    def fingerprint(self) -> str:
        """Of the names, sizes and checksums that the archive lists; nothing is decompressed."""
        members = sorted((i.filename, i.file_size, i.CRC) for i in self._open().archive.infolist())
        return hashlib.sha256(repr(members).encode()).hexdigest()

    def names(self) -> list[str]:
        """The names, each once, sorted, folders left out."""
        return sorted(self._open().members)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of the named members, in order.

        Raises:
            SourceError: A member is missing, encrypted, damaged or larger than `MAX_MEMBER_BYTES`, or another member
                of its name differs from it.
        """
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes:
        opened = self._open()
        if name in opened.torn:
            raise SourceError(
                f"'{name}' comes several times in {self.path}, each time with another content. Pack the archive anew."
            )
        try:
            if (found := opened.members[name].file_size) > MAX_MEMBER_BYTES:
                raise SourceError(f"'{name}' in {self.path} would unpack to {found:,} bytes, more than an image has.")
            return opened.archive.read(opened.members[name])
        except KeyError:
            raise SourceError(f"{self.path} holds no file named '{name}'.") from None
        except RuntimeError as error:  # encrypted, or compressed as Windows does with large files
            raise SetAsideError(NOT_UNPACKED, f"'{name}' in {self.path}: {error}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
            raise SourceError(f"'{name}' in {self.path} cannot be unpacked: {error}") from error

    def _open(self) -> _Opened:
        if self._opened is None or self._opened.process != os.getpid():
            archive = zipfile.ZipFile(self.path)
            members: dict[str, zipfile.ZipInfo] = {}
            torn = set()
            for member in archive.infolist():
                if not (name := _name(member)).endswith("/"):
                    first = members.setdefault(name, member)
                    if (first.file_size, first.CRC) != (member.file_size, member.CRC):
                        torn.add(name)
            self._opened = _Opened(os.getpid(), archive, members, frozenset(torn))
        return self._opened


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name as it was packed; `zipfile` takes it for code page 437 where no flag says that it is UTF-8."""
    if member.flag_bits & UTF8:
        return member.filename.replace("\\", "/")
    return of_zip(member.filename.encode("cp437"))


class FolderSource:
    """The files in a folder and its subfolders.

    Symbolic links to files and folders, wherever they lead, are followed: whoever keeps images elsewhere puts a link
    here. A link to a folder that it lies in is passed over, since all behind it is listed already. A link that leads
    nowhere is listed, so that readers set it aside, and the log warns of it.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._told: list[str] = []  # links that the log has warned of

    @property
    def fingerprint(self) -> str:
        """Of the relative names, sizes and times of change; nothing is read."""
        found = ((name, status.st_size, status.st_mtime_ns) for name, status in self._walk())
        return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()

    def names(self) -> list[str]:
        """Names relative to the folder with forward slashes, sorted."""
        found = sorted((name, stat.S_ISLNK(status.st_mode)) for name, status in self._walk())
        lost = [name for name, is_lost in found if is_lost]
        if lost and lost != self._told:
            logger.warning("%d links in %s lead nowhere, such as '%s': mend them.", len(lost), self.path, lost[0])
            self._told = lost
        return [name for name, _ in found]

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of the named files, in order.

        Raises:
            SourceError: A file is missing, cannot be read, is larger than `MAX_MEMBER_BYTES`, or its name leads out of
                the folder.
        """
        return [self._read(name) for name in names]

    def _read(self, name: str) -> bytes:
        if PurePath(name).anchor or ".." in PurePath(name).parts:
            raise SourceError(f"'{name}' leads out of {self.path}; files elsewhere are not read.")
        return self._read_at(self.path / name, name)

    def _read_at(self, path: Path, name: str) -> bytes:
        try:
            if path.is_symlink() and not path.exists():
                target = path.readlink().as_posix()
                kind = ANNEX_POINTER if "annex/objects/" in target else LOST_LINK
                raise SetAsideError(kind, f"'{name}' in {self.path} leads to {target}")
            if not path.is_file():  # reading a pipe would wait for ever
                raise SourceError(f"{self.path} holds no file named '{name}'.")
            if (found := path.stat().st_size) > MAX_MEMBER_BYTES:
                raise SourceError(f"'{name}' in {self.path} has {found:,} bytes, more than an image has.")
            return path.read_bytes()
        except PermissionError as error:
            raise SetAsideError(NOT_ALLOWED, f"'{name}' in {self.path}") from error
        except (OSError, ValueError, RuntimeError) as error:
            raise SourceError(f"'{name}' in {self.path} cannot be read: {error}") from error

    def _walk(self) -> Iterator[tuple[str, os.stat_result]]:
        return _walk(self.path, "", frozenset())


def _walk(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, os.stat_result]]:
    """Names of files and what the system says of them; of a link that leads nowhere, what it says of the link.

    Args:
        folder: Where to look.
        prefix: Of each name.
        above: Device and number of each folder around this one: a link back to one of them would never end.
    """
    status = folder.stat()
    here = (status.st_dev, status.st_ino)
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            status = _status(entry)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", above | {here})
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                yield prefix + entry.name, status


def _status(entry: "os.DirEntry[str]") -> os.stat_result:
    try:
        return entry.stat()
    except OSError:  # a link to nothing, to itself or to what may not be seen
        return entry.stat(follow_symlinks=False)
