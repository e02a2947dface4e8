"""How a command ends that is told to."""

from __future__ import annotations

import signal
from typing import NoReturn


def end_in_order() -> None:
    """End by SIGTERM as after an error, so that runs are closed: it would otherwise just stop the process."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + signum)
