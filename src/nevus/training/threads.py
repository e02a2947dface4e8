"""How many processors a training may compute on, and whether it gets them."""

import logging
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import torch

logger = logging.getLogger(__name__)

SHARE = 0.25  # of the wall time in the queue: above it every fourth second of some thread is lost
WINDOW = 10.0  # seconds; the start of a training, or another program's, does not count as starvation


def resolve(wanted: Literal["auto"] | int) -> int:
    """The number of threads for one operation; "auto" takes PyTorch's own, but no more than `available`."""
    return min(available(), torch.get_num_threads()) if wanted == "auto" else wanted


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Run a block with this many threads an operation; afterwards there are as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def available(root: Path = Path("/")) -> int:
    """Processors that this process may keep busy, at least 1.

    The fewest of: those that it is bound to; what the control groups it is in (containers, batch systems) may use a
    second, rounded down, since threads beyond it are stopped in turn and all wait for the stopped one; and
    OMP_NUM_THREADS.

    Args:
        root: Where `proc` and `sys` are.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    limits = [bound, quota(root), int(asked) if asked.isdecimal() else math.inf]
    return max(1, math.floor(min(limits)))


def quota(root: Path) -> float:
    """Seconds of computing that the control groups grant a second; infinite where none is limited."""
    granted = [_granted(_text(folder / name) for name in files) for folder, files in _groups(root)]
    return min(granted, default=math.inf)


def _groups(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folder of each control group over this process, with the names of the files that hold its quota.

    Inside a container the path may be the host's, of which only the upper end is mounted: so all its parents are tried.
    """
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
        for mount in (controllers, "cpu") if controllers else ("", "unified"):
            inner = Path(path.lstrip("/"))
            for folder in (inner, *inner.parents):
                yield root / "sys/fs/cgroup" / mount / folder, files


def _granted(contents: Iterator[str]) -> float:
    """From "200000 100000", "max 100000" (version 2), or the two numbers from two files, "-1" for no limit."""
    words = " ".join(contents).split()
    if len(words) != 2 or not all(word.isdecimal() for word in words) or not int(words[1]):
        return math.inf
    return int(words[0]) / int(words[1])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


class Waits(NamedTuple):
    """Seconds since the process began.

    Attributes:
        queued: That its threads, all together, could have computed but no processor was free.
        throttled: That its control group was stopped because its quota was used up.
    """

    queued: float
    throttled: float


def read_waits(root: Path = Path("/")) -> Waits | None:
    """What Linux counts of this process, or None where nothing is counted.

    Args:
        root: Where `proc` and `sys` are.
    """
    files = list((root / "proc/self/task").glob("*/schedstat"))
    # Three numbers: nanoseconds computed, nanoseconds waited for a processor, times run.
    counts = [fields for file in files if len(fields := _text(file).split()) == 3]
    if not counts:
        return None
    stopped = 0.0
    for folder, _ in _groups(root):
        words = _text(folder / "cpu.stat").split()
        found = dict(zip(words[::2], words[1::2], strict=False))
        seconds = int(found.get("throttled_usec", 0)) / 1e6 + int(found.get("throttled_time", 0)) / 1e9
        stopped = max(stopped, seconds)
    return Waits(sum(int(fields[1]) for fields in counts) / 1e9, stopped)


class StarvationWatch:
    """Says once, in the log, that a training waits for processors instead of computing.

    Threads wait for one another after every operation: when another process holds one processor, all of them stand
    still. On two processors a training fell to a twentieth of its speed so.

    Args:
        name: Of the training.
        remedy: The parameter to set to 1, such as "ssgan.loop.threads".
        read: What the process has waited so far.
        clock: Seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        remedy: str,
        read: Callable[[], Waits | None] = read_waits,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._name, self._remedy, self._read, self._clock = name, remedy, read, clock
        self._since, self._before = clock(), read()

    def look(self) -> bool:
        """Compare with the last look that was at least `WINDOW` seconds ago.

        Returns:
            Whether this look was the one that warned.
        """
        elapsed = self._clock() - self._since
        if self._before is None or elapsed < WINDOW:
            return False
        now = self._read()
        if now is None:
            return False
        queued, throttled = ((b - a) / elapsed for a, b in zip(self._before, now, strict=True))
        self._since, self._before = self._clock(), now
        if max(queued, throttled) <= SHARE:
            return False
        self._before = None  # said once
        logger.warning(
            "training '%s' is slowed down: in the last %.0f s it waited %.0f %% of the time for a processor, because %s",
            self._name,
            elapsed,
            100 * max(queued, throttled),
            self._cause(queued, throttled),
        )
        return True

    def _cause(self, queued: float, throttled: float) -> str:
        if throttled > SHARE:  # a stopped thread counts as queued too
            return f"its container has used up its quota. Set {self._remedy} to 1, or grant the container more."
        return f"other processes compute on the same ones. Set {self._remedy} to 1, or end the other processes."
