"""Commands as processes of their own, some side by side, that end when the sweep does."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from nevus.locks import lend

POLL = 0.2  # seconds
PATIENCE = 120.0  # seconds that a run may take to end; one that tells a silent server needs most of it
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux


class Task(NamedTuple):
    """A command.

    Attributes:
        name: Of the run.
        command: The program and its arguments.
        log: The file for what it prints.
        after: Names of the tasks that have to end well before it starts.
        group: What it has in common with those that may run beside it.
    """

    name: str
    command: list[str]
    log: Path
    after: frozenset[str] = frozenset()
    group: tuple[str, ...] = ()


class Ended(NamedTuple):
    """How a command has ended.

    Attributes:
        name: Of the run.
        seconds: From its start.
        message: Why it failed or was not run, on one line; None where it ended well.
        ran: Whether it was run.
    """

    name: str
    seconds: float
    message: str | None
    ran: bool = True


class Queue(Protocol):
    """What there is to run, and in which order."""

    def take(self, running: Sequence[Task]) -> Task | None:
        """The task that is to start beside those that run; None where none can, or none is left."""

    def ended(self, end: Ended) -> None:
        """Is told of each that has ended."""


class _Running(NamedTuple):
    task: Task
    process: subprocess.Popen[bytes]
    began: float


def run_all(queue: Queue, *, jobs: int, environment: Mapping[str, str]) -> None:
    """Run commands, as many side by side as there are jobs; one that fails stops no other.

    Whatever ends this function ends the commands too, by SIGTERM, and waits for them. On Linux they end as well where
    this process is killed.

    Args:
        queue: The commands.
        jobs: How many run at a time.
        environment: Of the commands.
    """
    running = list[_Running]()
    try:
        while True:
            while len(running) < jobs and (task := queue.take([one.task for one in running])) is not None:
                running.append(_start(task, environment))
            if not running:
                return
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                message = None if one.process.returncode == 0 else first_line(one.task.log, one.process.returncode)
                queue.ended(Ended(one.task.name, time.monotonic() - one.began, message))
            time.sleep(POLL)
    finally:
        _end([one.process for one in running])


def first_line(log: Path, code: int) -> str:
    """What a failed `kedro run` said was wrong: the first line of its message, or else its last line."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    said = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")]
    spoken = said[-1:] or [line for line in lines if line][-1:] or ["it said nothing"]
    return spoken[0] if code > 0 else f"ended by {signal.Signals(-code).name}: {spoken[0]}"


def _start(task: Task, environment: Mapping[str, str]) -> _Running:
    task.log.parent.mkdir(parents=True, exist_ok=True)
    # A session of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    options: dict[str, Any] = {"start_new_session": True, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if sys.platform == "linux":
        options["preexec_fn"] = _end_with(os.getpid(), ctypes.CDLL(None))
    with task.log.open("wb") as log:
        lend(log)  # a sweep that comes after one that was killed waits for what it left, from its very start
        process = subprocess.Popen(task.command, env=dict(environment), stdout=log, **options)
    return _Running(task, process, time.monotonic())


def _end_with(parent: int, system: ctypes.CDLL) -> Callable[[], None]:
    """Makes the system end a process when its parent is no more, however that has ended."""

    def ask() -> None:
        system.prctl(DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    try:
        until = time.monotonic() + PATIENCE
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
    finally:  # also when told to end once more
        for process in processes:
            if process.poll() is None:
                _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With the processes that it has started itself."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
