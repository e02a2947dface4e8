"""How a command ends that is told to."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

AGAIN = 0.05  # seconds
_IMPORTLIB = "<frozen importlib"

Handler = Callable[[int, FrameType | None], Any]


def end_in_order() -> None:
    """End by SIGTERM as after an error, so that runs are closed: it would otherwise just stop the process.

    Neither SIGTERM nor Ctrl-C ends anything in the middle of an import, but right after it. Python's own machinery of
    imports swallows some exceptions that come from outside, and after others leaves its lock taken: every other thread
    that imports, such as the one that tracks the run, then waits for ever.
    """
    signal.signal(signal.SIGTERM, _after_imports(_terminate))
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background of a shell it is ignored
        signal.signal(signal.SIGINT, _after_imports(signal.default_int_handler))


def _terminate(signum: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signum)


def _after_imports(end: Handler) -> Handler:
    def handle(signum: int, frame: FrameType | None) -> None:
        if _imports(frame) and hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda _, later: handle(signum, later))
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        else:
            end(signum, frame)

    return handle


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTLIB):
            return True
        frame = frame.f_back
    return False
