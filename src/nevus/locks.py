"""Locks between processes that say who holds them."""

from __future__ import annotations

import json
import logging
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from nevus.contracts import NevusError

if TYPE_CHECKING:
    from filelock import FileLock

logger = logging.getLogger(__name__)

SILENT = 1.0  # seconds; who waits longer says for whom
POLL = 0.1  # seconds
_WARNED_OF: set[str] = set()  # causes


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

    @classmethod
    def beside(cls, path: Path) -> Lock:
        """The lock of a file or folder: `.<name>.lock` beside it."""
        return cls(path.with_name(f".{path.name}.lock"))

    @contextmanager
    def held(self, *, seconds: float, what: str, remedy: str) -> Iterator[None]:
        """Hold the lock meanwhile; arguments and errors are those of `acquire`."""
        self.acquire(seconds=seconds, what=what, remedy=remedy)
        try:
            yield
        finally:
            self.release()

    def acquire(self, *, seconds: float, what: str, remedy: str) -> None:
        """Take the lock, or give up. Who has to wait for it longer than `SILENT` logs once for whom.

        Where the file system knows no locks the run goes on without one, with a warning.

        Args:
            seconds: How long to wait for another process.
            what: What the lock is for, as the beginning of a sentence.
            remedy: What to do where another process holds it.

        Raises:
            BusyError: Another process holds it; the message says which.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _try_flock(self.path)
            lock = FileLock(self.path)
            try:
                lock.acquire(timeout=min(seconds, SILENT))
            except Timeout:
                if seconds > SILENT:
                    said = "%s is in use by %s. Waiting for it, at most %s. (Lock file: %s.)"
                    logger.warning(said, what, self.holder(), _duration(seconds), self.path)
                lock.acquire(timeout=max(0.0, seconds - SILENT))
        except Timeout:
            raise BusyError(f"{what} is in use by {self.holder()}. {remedy} (Lock file: {self.path}.)") from None
        except (OSError, NotImplementedError) as error:
            if os.access(self.path.parent, os.W_OK):  # elsewhere nothing can be written, and that error says it best
                _warn_of_no_lock(self.path.parent, getattr(error, "strerror", None) or str(error))
            return
        self._lock = lock
        self._say_who()

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

    def _say_who(self) -> None:
        command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": started}
        with suppress(OSError):  # on a full disk the lock holds as well
            self._holder.write_text(json.dumps(mine), encoding="utf-8")


def lend(file: IO[bytes]) -> None:
    """Lock an open file for whoever inherits it: it stays locked until the last of them has ended, however it ends."""
    if os.name == "posix":
        import fcntl

        with suppress(OSError):  # where the file system knows no locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def await_lent(path: Path, seconds: float) -> None:
    """Wait until nobody holds a file that was lent, at most so long; one that is not there is nobody's."""
    if os.name != "posix" or not path.is_file():
        return
    import fcntl

    until = time.monotonic() + seconds
    with path.open("rb") as file:
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # closing lets go of it
            except BlockingIOError:
                if time.monotonic() > until:
                    return None
                time.sleep(POLL)
            except OSError:
                return None


def _try_flock(path: Path) -> None:
    """Raise OSError where the file system knows no locks.

    filelock would make do with a file that must not exist yet: one that a killed run left behind blocks every later
    run, for ever.
    """
    if os.name != "posix":
        return
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # held by another process, so there are locks
        pass
    finally:
        os.close(descriptor)


def _warn_of_no_lock(folder: Path, cause: str) -> None:
    if cause not in _WARNED_OF:  # one sentence is enough, however many locks a run wants
        _WARNED_OF.add(cause)
        logger.warning(
            "Nothing can be locked in %s (%s), so nothing keeps two runs from writing the same files at once. Start no "
            "second run in this project before this one has ended.",
            folder,
            cause,
        )


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds:.0f} s"
