"""The ledger of a test split: who has scored it, and when. Lines are added and never changed."""

import json
import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from nevus.contracts import LEDGER_COLUMNS, Table
from nevus.locks import Lock

logger = logging.getLogger(__name__)

WAIT_SECONDS = 60.0  # a line takes milliseconds
STAMP = "scored_at"  # the column that a node does not know


class LedgerDataset(AbstractDataset[Table, Table]):
    """A file of JSON lines, one a scoring. Saving adds lines at the end; loading reads those of all runs.

    Runs that save at once wait for one another. A line that was cut short, such as by a full disk, is left where it is
    and read over; the next one starts on a line of its own.

    Args:
        filepath: The file; all runs of a data set share it.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def save(self, entry: Table) -> None:
        """Add the rows of a table with the columns `LEDGER_COLUMNS` but `scored_at`, which becomes the present time.

        Raises:
            BusyError: Another process has held the file for `WAIT_SECONDS`.
            OSError: Nothing can be written there.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows = entry.assign(**{STAMP: now})[list(LEDGER_COLUMNS)].to_dict("records")
        lines = "".join(f"{json.dumps(row, default=str)}\n" for row in rows).encode()
        with self._alone(), self._path.open("ab+") as file:
            if file.tell() and not _ends_a_line(file):
                lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())

    def load(self) -> Table:
        """All scorings, the earliest first; without rows where there is no ledger yet.

        Returns:
            Columns as in `LEDGER_COLUMNS`: text, but `images`, which is int64.
        """
        found = self._path.read_bytes().splitlines() if self._path.exists() else []
        read = [_row(line) for line in found if line.strip()]
        rows = [row for row in read if row is not None]
        if len(rows) < len(read):
            logger.warning("%d lines of %s are torn; they are not counted.", len(read) - len(rows), self._path)
        table = pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))
        return table.astype({name: "int64" if name == "images" else "str" for name in LEDGER_COLUMNS})

    def preview(self, nrows: int = 5) -> TablePreview:
        """The last rows, for Kedro-Viz.

        Args:
            nrows: Number of rows.
        """
        return TablePreview(self.load().tail(nrows).to_dict(orient="split"))

    def _alone(self) -> Any:
        return Lock.beside(self._path).held(
            seconds=WAIT_SECONDS,
            what=f"The test ledger {self._path}",
            remedy="End that process if it hangs; then score again by --tags=reporting.",
        )

    def _exists(self) -> bool:
        return self._path.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def _ends_a_line(file: Any) -> bool:
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _row(line: bytes) -> dict[str, Any] | None:
    """What a line says, or None where it is not whole."""
    try:
        row = json.loads(line)
        return {name: int(row[name]) if name == "images" else str(row[name]) for name in LEDGER_COLUMNS}
    except (ValueError, KeyError, TypeError):
        return None
