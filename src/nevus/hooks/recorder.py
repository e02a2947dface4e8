"""Records a run beside it, in a thread of its own, and loses nothing when the tracking server does."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from nevus.hooks.provenance import Header
from nevus.hooks.store import RunStore, Target, cut, is_lost

logger = logging.getLogger(__name__)

Operation: TypeAlias = Callable[[RunStore], None]
LONGEST_CAUSE = 300


class Recorder:
    """One run on its way into a store.

    A thread imports MLflow, opens the store and carries out the operations in order, so the pipeline waits for neither.
    Every operation stays in a journal: when the wanted store is lost, at the start or later, the run is created again
    in the local one and the journal replayed there. Nothing here raises: what cannot be recorded is a warning.
    """

    def __init__(self, wanted: Target, local: Target, header: Header) -> None:
        self._wanted, self._local, self._header = wanted, local, header
        self._store: RunStore | None = None
        self._journal: list[Operation] = []
        self._queue: queue.SimpleQueue[Operation | None] = queue.SimpleQueue()
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
        """The run where it is kept now; None when it could not be recorded, or not yet."""
        return self._store

    def record(self, operation: Operation) -> None:
        """Carry this out on the run, soon."""
        if self.here and not self._closed:
            self._queue.put(operation)

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED and wait until all is recorded. Only the first call counts."""
        if not self.here or self._closed:
            return
        ended = int(time.time() * 1000)
        self.record(lambda run: run.end(status, ended))
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        atexit.unregister(self.close)

    def wait_until_open(self) -> None:
        """Return when the store has been opened or given up."""
        self._opened.wait()

    def _work(self) -> None:
        self._open()
        self._opened.set()
        while (operation := self._queue.get()) is not None:
            self._journal.append(operation)
            self._perform(operation)

    def _open(self) -> None:
        try:
            self._store = RunStore(self._wanted, self._header)
        except Exception as error:
            self._fall_back(error)

    def _perform(self, operation: Operation) -> None:
        if self._store is None:
            return
        try:
            operation(self._store)
        except Exception as error:
            if is_lost(error):
                self._fall_back(error)
            else:
                logger.warning("MLflow did not take a part of this run: %s", brief(error))

    def _fall_back(self, error: Exception) -> None:
        lost = self._store.target if self._store else self._wanted
        self._store = None
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
        try:
            self._store = RunStore(self._local, self._header)
        except Exception as local_error:
            logger.warning("This run is not tracked: %s cannot be used. %s", self._local.uri, brief(local_error))
            return
        for operation in [lambda run: run.set_tag("wanted_tracking_uri", lost.uri), *self._journal]:
            self._perform(operation)


def brief(error: Exception) -> str:
    """The cause on one line."""
    text = " ".join(str(error).split())
    return f"Cause: {type(error).__name__}: {cut(text, LONGEST_CAUSE)}"
