"""Which process it was, beyond its number."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def process_start(pid: int) -> str | None:
    """When a process started, in ticks since boot ("" where that cannot be told), or None if there is none.

    A process id alone is not enough: ids are used again, soon in a container.
    """
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # The second field is the command in parentheses and may hold anything; the start time is the 22nd.
            return stat.read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return None
    if sys.platform == "win32":  # signal 0 would reach the process there
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return ""
    return ""
