"""Locks between processes that say who holds them."""

from __future__ import annotations

import json
import logging
import os
import shlex
import socket
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nevus.contracts import NevusError

if TYPE_CHECKING:
    from filelock import FileLock

logger = logging.getLogger(__name__)


class BusyError(NevusError):
    """Another process holds a lock."""


class Lock:
    """A file that one process holds at a time; the system lets go of it when the process ends, however it ends.

    Beside the file lies `<file>.json`, which says who holds it.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._holder = path.with_name(f"{path.name}.json")
        self._lock: FileLock | None = None

    def acquire(self, *, seconds: float, what: str, remedy: str) -> None:
        """Take the lock, or give up.

        Where the file system knows no locks the run goes on without one, with a warning.

        Args:
            seconds: How long to wait for another process.
            what: What the lock is for, as the beginning of a sentence.
            remedy: What to do where another process holds it.

        Raises:
            BusyError: Another process holds it; the message says which.
        """
        from filelock import FileLock, Timeout

        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path)
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            raise BusyError(f"{what} is in use by {self.holder()}. {remedy} (Lock file: {self.path}.)") from None
        except (OSError, NotImplementedError) as error:
            logger.warning("%s cannot be locked (%s: %s). Start no second run of it.", what, self.path, error)
            return
        self._lock = lock
        command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": started}
        self._holder.write_text(json.dumps(mine), encoding="utf-8")

    def holder(self) -> str:
        """Who holds the lock, in words."""
        try:
            found = json.loads(self._holder.read_text(encoding="utf-8"))
            here = found["host"] == socket.gethostname()
            where = "" if here else f" on {found['host']}"
            return f"process {found['pid']}{where} (`{found['command']}`, since {found['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        """Let go of the lock, if it is held."""
        if self._lock is not None:
            with suppress(OSError):
                self._holder.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None
