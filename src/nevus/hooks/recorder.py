"""Records runs beside them, in a thread of its own, and loses nothing when the store does."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import shlex
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nevus.hooks.headers import Header
from nevus.hooks.journal import Journal, Step
from nevus.hooks.store import RunStore, create_runs, is_lost
from nevus.tracking.causes import brief, why
from nevus.tracking.experiment import Target

logger = logging.getLogger(__name__)

OPENING_SECONDS = 180  # two stores may have to be tried
CLOSING_SECONDS = 60  # without a step forward; more than a server that does not answer takes
SILENT_SECONDS = 5  # then the wait is explained


@dataclass(frozen=True)
class Loss:
    """A store that did not take all of a call's runs.

    Attributes:
        uri: Of the store.
        cause: What is wrong with it and what to do about that, in whole sentences.
        command: By which the runs get there later; None where their record could not be kept either.
    """

    uri: str
    cause: str
    command: str | None = None


class Recorder:
    """The runs of one call on their way into a store.

    A thread imports MLflow, opens the store and carries out the steps in order, so the pipeline waits for neither.
    Every step stays in a journal: when the wanted store is lost, at the start or later, all runs are created again in
    the local one and the journal replayed there, and in the end the journal is kept as a file. Nothing here raises:
    what cannot be recorded is a warning.

    Args:
        wanted: Where the runs shall be kept.
        local: Where they are kept if that is lost.
        headers: What each run starts with, by a key of the caller's; parents first.
        kept: The file for the journal, should the wanted store be lost.
    """

    def __init__(self, wanted: Target, local: Target, headers: Mapping[str, Header], kept: Path) -> None:
        self._wanted, self._local, self._headers, self._kept = wanted, local, dict(headers), kept
        self._target = wanted
        self._runs: dict[str, RunStore] = {}
        self._loss: Loss | None = None
        self._complete: set[str] = set()
        self._journal: list[tuple[str, Step]] = []
        self._queue: queue.SimpleQueue[tuple[str, Step] | None] = queue.SimpleQueue()
        self._performed: list[tuple[str, Step]] = []
        self._done = 0
        self._pid = os.getpid()
        self._closed = False
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nevus-tracking", daemon=True)
        self._thread.start()
        # Kedro tells hooks about exceptions only. Ctrl-C and sys.exit end here.
        atexit.register(self.close, "KILLED")

    @property
    def here(self) -> bool:
        """Whether this is the process that started the recorder, not a fork of it."""
        return os.getpid() == self._pid

    @property
    def place(self) -> RunStore | None:
        """The first run where it is kept now; None when it could not be recorded, or not yet."""
        return next(iter(self._runs.values()), None)

    @property
    def loss(self) -> Loss | None:
        """The wanted store, where it has been lost; complete once the recorder is closed."""
        return self._loss

    @property
    def unfinished(self) -> list[str]:
        """Keys of the runs that have not been said to be complete."""
        return [key for key in self._headers if key not in self._complete]

    def record(self, key: str, step: Step) -> None:
        """Carry this out on the run of this key, soon."""
        if self.here and not self._closed:
            self._journal.append((key, step))
            self._queue.put((key, step))

    def complete(self, key: str) -> None:
        """Nothing of this run is missing: it ends as FINISHED, whatever becomes of the others."""
        self._complete.add(key)

    def close(self, status: str) -> None:
        """End the runs as FINISHED, FAILED or KILLED and wait until all is recorded. Only the first call counts."""
        if not self.here or self._closed:
            return
        ended = int(time.time() * 1000)
        for key in reversed(self._headers):  # a parent ends last
            self.record(key, Step("end", ("FINISHED" if key in self._complete else status, ended)))
        self._closed = True
        self._queue.put(None)
        self._wait()
        if self._loss is not None:
            self._keep(self._loss, whole=status == "FINISHED")
        atexit.unregister(self.close)

    def wait_until_open(self) -> None:
        """Return when the store has been opened or given up."""
        if not self._opened.wait(OPENING_SECONDS):
            logger.warning("%s has not answered for %d s.", self._target.uri, OPENING_SECONDS)

    def _wait(self) -> None:
        """Wait as long as the thread gets on: a slow server that takes a large model is no reason to give up."""
        self._thread.join(SILENT_SECONDS)
        if self._thread.is_alive():
            logger.info("Waiting for %s to take the record of this run.", self._target.uri)
        done = -1
        while self._thread.is_alive() and done != self._done:
            done = self._done
            self._thread.join(CLOSING_SECONDS)
        if self._thread.is_alive():
            self._runs = {}
            cause = f"{self._target.uri} has taken nothing for {CLOSING_SECONDS:.0f} s."
            self._loss = Loss(self._target.uri, cause)
            logger.warning("This run is not tracked any further; its files are saved. %s", cause)

    def _keep(self, loss: Loss, *, whole: bool) -> None:
        """Write the journal to its file, from which the wanted store can have it later."""
        try:
            Journal(self._wanted, self._headers, self._journal).write(self._kept)
        except OSError as error:
            logger.warning("Nor can its record be kept for later. %s", brief(error))
            return
        shown = os.path.relpath(self._kept) if self._kept.is_relative_to(Path.cwd()) else str(self._kept)
        self._loss = Loss(loss.uri, loss.cause, f"kedro track {shlex.quote(shown)}")
        if not whole:  # no summary will say it
            logger.warning("Once that is mended, `%s` tracks what there is of this run.", self._loss.command)

    def _work(self) -> None:
        try:
            self._runs = create_runs(self._wanted, self._headers)
        except Exception as error:
            self._fall_back(error)
        self._opened.set()
        while (entry := self._queue.get()) is not None:
            self._performed.append(entry)
            self._perform(*entry)

    def _perform(self, key: str, step: Step) -> None:
        self._done += 1
        if key not in self._runs:
            return
        try:
            step(self._runs[key])
        except Exception as error:
            if is_lost(error):
                self._fall_back(error)
            else:
                logger.warning("MLflow did not take a part of this run: %s", brief(error))

    def _fall_back(self, error: Exception) -> None:
        lost, self._runs = self._target, {}
        cause = why(error, lost.uri)
        if lost == self._wanted:
            self._loss = Loss(lost.uri, cause)
        if lost == self._local:
            logger.warning("This run is not tracked. %s", cause)
            return
        logger.warning(
            "This run is not tracked in %s but in %s instead; to see it, run `mlflow ui` in the project's folder. %s",
            lost.uri,
            self._local.uri,
            cause,
        )
        self._target = self._local
        try:
            self._runs = create_runs(self._local, self._headers)
        except Exception as local_error:
            local_cause = why(local_error, self._local.uri)
            self._loss = Loss(lost.uri, f"{cause} {local_cause}")
            logger.warning("This run is not tracked. %s", local_cause)
            return
        marks = [(key, Step("set_tag", ("wanted_tracking_uri", lost.uri))) for key in self._runs]
        for key, step in [*marks, *self._performed]:
            self._perform(key, step)
