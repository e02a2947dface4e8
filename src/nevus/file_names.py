"""What a file's name says before anybody opens it: left behind by a system, hostile, or fit for a table."""

import re
from pathlib import PurePosixPath

LITTER = (".ds_store", "thumbs.db", "desktop.ini")


def is_litter(name: str) -> bool:
    """Whether an operating system left this file behind, such as `.DS_Store`, `._image.jpg` or all in `__MACOSX/`."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name.lower() in LITTER


def readable(name: str) -> str:
    """The name with bytes that are no text as escapes: tables and CSV files take nothing else."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def refusal(name: str) -> str | None:
    """The reason why a file of this name must not be opened, or None."""
    path = PurePosixPath(name)
    if name != readable(name):
        return "name is not valid UTF-8"
    if path.is_absolute() or ".." in path.parts or "\\" in name or re.match(r"[A-Za-z]:", name):
        return "name leads out of the archive"
    return None
