"""What a file's name says before anybody opens it: left behind by a system, hostile, or fit for a table."""

import re
import unicodedata
from pathlib import PurePosixPath

from nevus.quarantine import BACKSLASH, LEADS_OUT, NO_UTF8

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
    path = PurePosixPath(name.replace("\\", "/"))
    if name != readable(name):
        return NO_UTF8.said
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        return LEADS_OUT.said
    return BACKSLASH.said if "\\" in name else None


def of_zip(stored: bytes) -> str:
    r"""The name of a member whose archive does not say that it is UTF-8, with `/` where Windows wrote `\`.

    Tools write such names in UTF-8 or in a code page of DOS. The standard names code page 437; Windows in Western
    Europe writes 850, which has letters where 437 has lines and mathematical signs.
    """
    try:
        name = stored.decode("utf-8")  # hardly anything else is valid UTF-8
    except UnicodeDecodeError:
        name = next(filter(_is_words, map(stored.decode, ("cp437", "cp850"))), stored.decode("cp437"))
    return name.replace("\\", "/")


def _is_words(name: str) -> bool:
    """Whether all beyond ASCII is letters, their accents or digits."""
    return all(sign.isascii() or unicodedata.category(sign)[0] in "LMN" for sign in name)
