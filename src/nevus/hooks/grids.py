"""Small tables on the console."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

PIPED = 200  # characters a line where no terminal limits it


def grid(
    title: str, header: list[str], rows: Sequence[Sequence[str]], *, justify: Literal["left", "right"] = "right"
) -> RichTable:
    """Make a table of texts without frames, the first column to the left.

    Args:
        title: Above the table.
        header: One heading a column.
        rows: Cells; brackets are text, not markup.
        justify: The other columns.
    """
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(
        title=Text(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    for number, heading in enumerate(header):
        table.add_column(Text(heading), justify="left" if number == 0 else justify, vertical="bottom")
    for row in rows:
        table.add_row(*map(Text, row))  # as text: brackets are markup otherwise
    return table


def wide_console() -> Console:
    """As wide as the terminal, or as a table may be in a file."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED)
