"""Archives that are not read in place: what unpacks them."""

import re
import shlex
import tarfile
from pathlib import Path
from typing import NamedTuple

from nevus.file_contents import FIRST

_SUFFIXES = re.compile(r"\.(tar(\.\w+)?|t[gbx]z2?|tzst|7z|rar|gz|bz2|xz|zst)$", re.IGNORECASE)
# How an archive of other kinds begins, and the command that unpacks it.
_COMMANDS = {
    b"7z\xbc\xaf\x27\x1c": "7z x {archive} -o{folder}",
    b"Rar!\x1a\x07": "unrar x {archive} {folder}/",
    b"\x28\xb5\x2f\xfd": "mkdir -p {folder} && tar --zstd -xf {archive} -C {folder}",
}
_TAR = "mkdir -p {folder} && tar -xf {archive} -C {folder}"


class Unpacking(NamedTuple):
    """How to unpack an archive.

    Attributes:
        command: For a shell.
        folder: Where the files are then: beside the archive, by its name.
    """

    command: str
    folder: Path


def unpacking_of(path: Path) -> Unpacking | None:
    """How to unpack a tar, 7z or rar archive; None for any other file."""
    start = first_bytes(path)
    command = next((command for mark, command in _COMMANDS.items() if start.startswith(mark)), None)
    if command is None and not tarfile.is_tarfile(path):
        return None
    stem = _SUFFIXES.sub("", path.name)
    folder = path.with_name(stem if stem != path.name else f"{stem}_unpacked")
    archive, target = shlex.quote(str(path)), shlex.quote(str(folder))
    return Unpacking((command or _TAR).format(archive=archive, folder=target), folder)


def first_bytes(path: Path) -> bytes:
    """The beginning of a file, as much as tells what it is; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(FIRST)
    except OSError:
        return b""
