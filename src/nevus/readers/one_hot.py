"""Ground truth with one column a diagnosis: 1 in the column of what it is, 0 in the others."""

from collections.abc import Sequence

import pandas as pd

from nevus.contracts import Table
from nevus.quarantine import NOT_ONE_HOT
from nevus.readers.tables import set_aside


def part_one_hot(table: Table, columns: Sequence[str], *, key: str) -> tuple[Table, Table]:
    """Add `dx`, the column that holds the 1.

    Args:
        table: Rows of text.
        columns: Of the diagnoses.
        key: Column that names a row in the quarantine.

    Returns:
        Rows with exactly one 1 and else 0 (also 1.0, 0.0, and 1,0); quarantine rows of the others.
    """
    plain = table[list(columns)].replace(",", ".", regex=True)
    numbers = plain.apply(pd.to_numeric, errors="coerce")
    sound = numbers.isin([0, 1]).all(axis=1) & (numbers.sum(axis=1) == 1)
    values = [
        ", ".join(f"{c} {v}" for c, v in zip(columns, row, strict=True)) for row in table[list(columns)].to_numpy()
    ]
    reasons = pd.Series([NOT_ONE_HOT.of(said) for said in values], index=table.index, dtype=object)
    return set_aside(table.assign(dx=numbers.eq(1).idxmax(axis=1)), ~sound, reasons, id_column=key)
