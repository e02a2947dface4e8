"""How many processors a training may compute on, and whether it gets them."""

import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import torch

from nevus.training.control_groups import quota, text_of, throttled

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
    """Threads that this process may keep busy, at least 1: one a processor, or fewer by OMP_NUM_THREADS.

    Args:
        root: Where `proc` and `sys` are.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return max(1, min(processors(root), int(asked) if asked.isdecimal() else sys.maxsize))


def processors(root: Path = Path("/")) -> int:
    """Processors for this process and those that it starts, at least 1.

    The fewest of: those that it is bound to; and what the control groups it is in (containers, batch systems) may use
    a second, rounded down, since threads beyond it are stopped in turn and all wait for the stopped one.

    Args:
        root: Where `proc` and `sys` are.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.floor(min(bound, quota(root))))


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
    counts = [fields for file in files if len(fields := text_of(file).split()) == 3]
    if not counts:
        return None
    return Waits(sum(int(fields[1]) for fields in counts) / 1e9, throttled(root))


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
        queued, stopped = ((b - a) / elapsed for a, b in zip(self._before, now, strict=True))
        self._since, self._before = self._clock(), now
        if max(queued, stopped) <= SHARE:
            return False
        self._before = None  # said once
        logger.warning(
            "training '%s' is slowed down: in the last %.0f s its threads waited %.0f s for a processor, because %s",
            self._name,
            elapsed,
            elapsed * max(queued, stopped),
            self._why(stopped),
        )
        return True

    def _why(self, stopped: float) -> str:
        # Alone a thread waits too, but not for its neighbours: then only more processors help.
        fewer = f"Set {self._remedy} to 1, or e" if torch.get_num_threads() > 1 else "E"
        if stopped > SHARE:  # a stopped thread counts as queued too
            return f"the container had used up its quota. {fewer}nlarge the container's quota."
        return f"other processes compute on the same ones. {fewer}nd the other processes."
