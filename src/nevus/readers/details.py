"""What a table tells of a patient beside the diagnosis: an image is never lost for it, it becomes unknown instead."""

import re
from collections.abc import Collection, Sequence

import pandas as pd

from nevus.contracts import WARNING_COLUMNS, Table, no_warnings

OLDEST = 150  # years; nobody is older, and the manifest takes no more
SEXES = {
    "female": "female",
    "f": "female",
    "woman": "female",
    "male": "male",
    "m": "male",
    "man": "male",
}
# 85, 30.0, 30,0, 85+, >85, 30 years, age 30
AGE = re.compile(r"(?:aged?\s*)?[>≥]?\s*(\d+(?:[.,]\d*)?)\s*\+?\s*(?:years?|yrs?\.?|y\.?(?:o\.?)?)?(?:\s*old)?", re.I)


def read_details(table: Table, *, key: str, age: str = "age", sex: str | None = "sex") -> tuple[Table, Table]:
    """Read ages and sexes; what cannot be read becomes unknown.

    Args:
        table: Rows of text or null.
        key: Column that names a row in the warnings.
        age: Column that becomes `age`, years as a number: also 30,0, 85+ and "30 years".
        sex: Column that becomes `sex`, female or male: also f, woman, m, man, in any case; null leaves it as it is.

    Returns:
        All rows, with `age` and `sex`; warnings (`file` is the key) for each value taken as unknown.
    """
    years = table[age].map(years_of).astype(float)
    warnings = [_warnings(table, key, "age", years.isna() & table[age].notna(), "not an age in years", table[age])]
    read = table.assign(age=years)
    if sex is not None:
        sexes = table[sex].map(lambda value: SEXES.get(str(value).strip().lower())).astype(object)
        wrong = sexes.isna() & table[sex].notna()
        warnings.append(_warnings(table, key, "sex", wrong, "unknown sex", table[sex]))
        read = read.assign(sex=sexes.where(sexes.notna(), None))
    return read, pd.concat(warnings, ignore_index=True)


def years_of(value: object) -> float | None:
    """The age that a text says, in years from 0 to `OLDEST`; None where it says none plainly."""
    found = AGE.fullmatch(value.strip()) if isinstance(value, str) else None
    years = float(found[1].replace(",", ".")) if found else None
    return years if years is not None and years <= OLDEST else None


def settle_details(table: Table, columns: Sequence[str], *, key: str) -> tuple[Table, Table]:
    """Make details unknown in which rows of one key differ, so that these rows contradict each other no more.

    Args:
        table: Rows; the key may be null.
        columns: The details.
        key: Column with what the rows are about.

    Returns:
        The same rows; warnings (`file` is the key), one a key and column.
    """
    torn = table.groupby(key)[list(columns)].transform("nunique") > 1
    warnings = []
    for column in columns:
        again = table.loc[torn[column], key].duplicated().reindex(table.index, fill_value=True)
        bad = torn[column] & ~again
        warnings.append(_warnings(table, key, column, bad, "rows of one image differ in it, one says", table[column]))
    settled = table.assign(**{column: table[column].where(~torn[column], None) for column in columns})
    return settled, pd.concat(warnings, ignore_index=True)


def unlisted(table: Table, column: str, known: Collection[str], *, key: str) -> tuple[Table, Table]:
    """Make values unknown that are none of the known ones.

    Returns:
        The same rows; warnings (`file` is the key).
    """
    wrong = table[column].notna() & ~table[column].isin(known)
    warnings = _warnings(table, key, column, wrong, f"unknown {column}, none of {', '.join(known)}", table[column])
    return table.assign(**{column: table[column].where(~wrong, None)}), warnings


def of_records(warnings: Sequence[Table], records: Table) -> Table:
    """Warnings by image id as warnings by file; those about images that are no records are dropped."""
    every = pd.concat([no_warnings(), *warnings], ignore_index=True)
    files = every["file"].map(dict(zip(records["image_id"], records["file"], strict=True)))
    kept: Table = every.assign(file=files)[files.notna()].reset_index(drop=True)
    return kept


def _warnings(
    table: Table, key: str, column: str, bad: "pd.Series[bool]", kind: str, values: "pd.Series[str]"
) -> Table:
    rows = zip(table.loc[bad, key].astype(str), values[bad], strict=True)
    said = [(name, column, f"{kind}: '{value}'") for name, value in rows]
    return pd.DataFrame(said, columns=list(WARNING_COLUMNS), dtype=str)
