"""Records runs beside them, in a thread of its own, and loses nothing when the tracking server does."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

from nevus.hooks.experiment import Target, open_experiment
from nevus.hooks.headers import Header
from nevus.hooks.store import RunStore, cut, is_lost

logger = logging.getLogger(__name__)

Operation: TypeAlias = Callable[[RunStore], None]
LONGEST_CAUSE = 300
OPENING_SECONDS = 180  # two stores may have to be tried
CLOSING_SECONDS = 60  # without a step forward; more than a server that does not answer takes


class Recorder:
    """The runs of one call on their way into a store.

    A thread imports MLflow, opens the store and carries out the operations in order, so the pipeline waits for neither.
    Every operation stays in a journal: when the wanted store is lost, at the start or later, all runs are created again
    in the local one and the journal replayed there. Nothing here raises: what cannot be recorded is a warning.

    Args:
        wanted: Where the runs shall be kept.
        local: Where they are kept if that is lost.
        headers: What each run starts with, by a key of the caller's; parents first.
    """

    def __init__(self, wanted: Target, local: Target, headers: Mapping[str, Header]) -> None:
        self._wanted, self._local, self._headers = wanted, local, dict(headers)
        self._target = wanted
        self._runs: dict[str, RunStore] = {}
        self._complete: set[str] = set()
        self._journal: list[tuple[str, Operation]] = []
        self._queue: queue.SimpleQueue[tuple[str, Operation] | None] = queue.SimpleQueue()
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
    def unfinished(self) -> list[str]:
        """Keys of the runs that have not been said to be complete."""
        return [key for key in self._headers if key not in self._complete]

    def record(self, key: str, operation: Operation) -> None:
        """Carry this out on the run of this key, soon."""
        if self.here and not self._closed:
            self._queue.put((key, operation))

    def complete(self, key: str) -> None:
        """Nothing of this run is missing: it ends as FINISHED, whatever becomes of the others."""
        self._complete.add(key)

    def close(self, status: str) -> None:
        """End the runs as FINISHED, FAILED or KILLED and wait until all is recorded. Only the first call counts."""
        if not self.here or self._closed:
            return
        ended = int(time.time() * 1000)
        for key in reversed(self._headers):  # a parent ends last
            self.record(key, ending("FINISHED" if key in self._complete else status, ended))
        self._closed = True
        self._queue.put(None)
        self._wait()
        atexit.unregister(self.close)

    def wait_until_open(self) -> None:
        """Return when the store has been opened or given up."""
        if not self._opened.wait(OPENING_SECONDS):
            logger.warning("%s has not answered for %d s.", self._target.uri, OPENING_SECONDS)

    def _wait(self) -> None:
        """Wait as long as the thread gets on: a slow server that takes a large model is no reason to give up."""
        done = -1
        while self._thread.is_alive() and done != self._done:
            done = self._done
            self._thread.join(CLOSING_SECONDS)
        if self._thread.is_alive():
            logger.warning(
                "%s has taken nothing for %d s, so the rest of this run is not tracked; its files are saved.",
                self._target.uri,
                CLOSING_SECONDS,
            )

    def _work(self) -> None:
        try:
            self._runs = self._create(self._wanted)
        except Exception as error:
            self._fall_back(error)
        self._opened.set()
        while (entry := self._queue.get()) is not None:
            self._journal.append(entry)
            self._perform(*entry)

    def _create(self, target: Target) -> dict[str, RunStore]:
        """All runs, in a store just opened."""
        client, experiment_id = open_experiment(target)
        runs: dict[str, RunStore] = {}
        for key, header in self._headers.items():
            parent = runs[header.parent].run_id if header.parent in runs else None
            runs[key] = RunStore(client, target, experiment_id, header, parent)
        return runs

    def _perform(self, key: str, operation: Operation) -> None:
        self._done += 1
        if key not in self._runs:
            return
        try:
            operation(self._runs[key])
        except Exception as error:
            if is_lost(error):
                self._fall_back(error)
            else:
                logger.warning("MLflow did not take a part of this run: %s", brief(error))

    def _fall_back(self, error: Exception) -> None:
        lost, self._runs = self._target, {}
        if lost == self._local:
            logger.warning("This run is not tracked any further: %s cannot be used. %s", lost.uri, brief(error))
            return
        logger.warning(
            "The tracking server %s cannot be used, so this run is kept in %s instead; to see it, run `mlflow ui` in "
            "the project's folder. %s",
            lost.uri,
            self._local.uri,
            brief(error),
        )
        self._target = self._local
        try:
            self._runs = self._create(self._local)
        except Exception as local_error:
            logger.warning("This run is not tracked: %s cannot be used. %s", self._local.uri, brief(local_error))
            return
        marks: list[tuple[str, Operation]] = [
            (key, lambda run: run.set_tag("wanted_tracking_uri", lost.uri)) for key in self._runs
        ]
        for key, operation in [*marks, *self._journal]:
            self._perform(key, operation)


def ending(status: str, ended: int) -> Operation:
    """Close a run as this, at a time in milliseconds since 1970."""
    return lambda run: run.end(status, ended)


def brief(error: Exception) -> str:
    """The cause on one line."""
    text = " ".join(str(error).split())
    return f"Cause: {type(error).__name__}: {cut(text, LONGEST_CAUSE)}"
