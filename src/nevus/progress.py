"""Progress of long work: a bar on a terminal, a line in the log every half minute elsewhere."""

import logging
import sys
from typing import Any, TextIO, cast

from tqdm import tqdm

SECONDS = 30.0  # between two lines; work that takes less leaves none
LINE = "{desc}: {n_fmt} of {total_fmt} {unit}, {remaining} left{postfix}"

logger = logging.getLogger(__name__)


class _Log:
    """What tqdm takes for a file: each text becomes a record of the log."""

    encoding = "utf-8"

    def write(self, text: str) -> None:
        if line := text.strip():
            logger.info(line)

    def flush(self) -> None:
        """Nothing is held back."""


def progress_bar(total: int, *, name: str, unit: str, initial: int = 0) -> "tqdm[Any]":
    """Show how far some work has come.

    Args:
        total: Units of the whole work.
        name: Of the work.
        unit: What is counted, such as "image".
        initial: Units done before.

    Returns:
        The bar, a context manager; `update` counts, `set_postfix(..., refresh=False)` adds what is worth knowing.
    """
    if sys.stderr.isatty():
        return tqdm(total=total, initial=initial, desc=name, unit=unit, leave=False, dynamic_ncols=True)
    log = cast(TextIO, _Log())
    # miniters: without it tqdm guesses after how many updates to look at the clock again
    quiet: dict[str, Any] = {"delay": SECONDS, "mininterval": SECONDS, "miniters": 1, "leave": False}
    return tqdm(total=total, initial=initial, desc=name, unit=f"{unit}s", file=log, bar_format=LINE, **quiet)
