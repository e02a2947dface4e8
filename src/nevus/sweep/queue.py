"""Which run of a sweep comes next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nevus.sweep.workers import Ended, Task


class InOrder:
    """Tasks one after the other, each when those that it builds on have ended well.

    Only tasks of one group run side by side, and a group is left when nothing more of it can run. What builds on a task
    that failed is not run.

    Args:
        tasks: In the order in which they run as far as they may.
        told: Is told of each that has ended or cannot be run.
    """

    def __init__(self, tasks: Iterable[Task], told: Callable[[Ended], None]) -> None:
        self._waiting, self._told = list(tasks), told
        self._open = {task.name for task in self._waiting}  # not ended well, or not yet
        self._group = self._waiting[0].group if self._waiting else ()

    def take(self, running: Sequence[Task]) -> Task | None:
        """The task that is to start beside those that run, if any."""
        ready = [task for task in self._waiting if not task.after & self._open]
        alike = [task for task in ready if task.group == self._group]
        chosen = next(iter(alike or ([] if running else ready)), None)
        if chosen is not None:
            self._waiting.remove(chosen)
            self._group = chosen.group
        return chosen

    def ended(self, end: Ended) -> None:
        """Note how a task has ended."""
        self._told(end)
        if end.message is None:
            self._open.discard(end.name)
        else:
            self._drop(end.name, "failed")

    def _drop(self, name: str, what: str) -> None:
        for task in [task for task in self._waiting if name in task.after]:
            if task in self._waiting:  # still, after what was dropped before it
                self._waiting.remove(task)
                self._told(Ended(task.name, 0.0, f"it builds on {name}, which {what}", ran=False))
                self._drop(task.name, "was not run")
