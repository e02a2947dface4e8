"""Any table with a column of image paths: one's own data, described in YAML, without a line of code."""

import logging
from collections import defaultdict
from pathlib import PurePosixPath

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, SPLITS, Listing, Source, SourceError, Table
from nevus.file_names import refusal
from nevus.quarantine import AMBIGUOUS, EQUAL_COPY, advice
from nevus.readers.details import read_details
from nevus.readers.matching import Matches, match
from nevus.readers.names import Names, listed, set_aside_companions, set_aside_others, sort_names
from nevus.readers.options import TableOptions
from nevus.readers.same_id import equal
from nevus.readers.table_mapping import FIELDS, WHERE, columns, meaning, split_meant
from nevus.readers.tables import TableError, find_table, read_table, set_aside

logger = logging.getLogger(__name__)


def read(source: Source | None, options: TableOptions, *, size: int) -> Listing:
    """List the images that a table names.

    A path in the table is relative to its folder or to the source's; where no file is there, the file of the source
    that fits it best is taken, as `nevus.readers.matching` says.

    Args:
        source: A zip or a folder with the table and the images.
        options: The table, and what its columns and values mean.
        size: Not needed: the images are listed as they are.

    Returns:
        Records in the order of the table. `image_id` is the file's name in the source where no column gives it; without
        a column for it, `split` is "labeled" where there is a label and "unlabeled" elsewhere. `label` and `diagnosis`
        of unlabeled images are hidden; the log counts them. An age or a sex that cannot be read is null, and the
        warnings list it. In quarantine: rows that cannot be used, images that no row names, and all other files.

    Raises:
        SourceError: There is no source or no table, the options do not fit the table or one another, or no row of the
            table can be used.
    """
    if source is None:
        raise SourceError("The reader 'table' needs a table and the images it names, but the catalog names no files.")
    mapping = columns(options)
    names = sort_names(source.names())
    try:
        file = options.file if options.file in names.others else find_table(names.others, options.file)
        rows = _rows(read_table(source, file, required=sorted(set(mapping.values()))), mapping)
    except TableError as error:
        raise SourceError(f"{error} {WHERE}") from error
    rows, matches = _located(source, rows, file, names)
    rows = _understood(rows, options, split_given="split" in mapping)
    reasons = _reasons(rows, mapping, options, matches)
    good, aside = set_aside(
        rows.assign(shown=rows["file"].fillna(rows["path"])), reasons.notna(), reasons, id_column="shown"
    )
    if good.empty:
        raise _nothing(file, aside, names)
    rest = _rest(source, names, {file, *rows["file"].dropna()}, file, matches)
    good, warnings = read_details(good, key="file")
    return Listing(
        records=_finished(good).assign(source=options.source).reset_index(drop=True),
        quarantine=pd.concat([aside, rest], ignore_index=True),
        source=source,
        classes=options.classes,
        warnings=warnings,
    )


def _rows(table: Table, mapping: dict[str, str]) -> Table:
    """The columns of the manifest, as text; those that the table lacks are null."""
    empty = pd.Series(None, index=table.index, dtype=object)
    return pd.DataFrame({field: table[mapping[field]] if field in mapping else empty for field in FIELDS})


def _located(source: Source, rows: Table, table: str, names: Names) -> tuple[Table, Matches]:
    """Add `path`, as the table has it; `file` becomes the name in the source, or null where there is none."""
    others = [name for name in names.others if name != table]
    folder = str(PurePosixPath(table).parent)
    matches = match(source, rows["file"].tolist(), names._replace(others=others), folder=folder)
    return rows.assign(path=rows["file"], file=pd.Series(matches.files, index=rows.index, dtype=object)), matches


def _leads_out(path: str) -> bool:
    return refusal(path.replace("\\", "/")) is not None


def _understood(rows: Table, options: TableOptions, *, split_given: bool) -> Table:
    """Add `number` and `part`: the class and the split that the values stand for, null where they stand for none."""
    classes = rows["label"].map(lambda value: meaning(value, options.labels, options.classes)).astype(object)
    if split_given:
        parts = rows["split"].map(lambda value: split_meant(value, options.splits)).astype(object)
    else:
        parts = rows["label"].notna().map({True: "labeled", False: "unlabeled"}).astype(object)
    positions = {name: position for position, name in enumerate(options.classes)}
    return rows.assign(part=parts, number=classes.map(positions).astype("Int64"))


def _reasons(rows: Table, mapping: dict[str, str], options: TableOptions, matches: Matches) -> "pd.Series[str]":
    """Why a row cannot be used, the first reason that holds; null where it can."""
    ids = rows["image_id"] if "image_id" in mapping else rows["file"]
    lost = rows["file"].isna()
    outside = lost & rows["path"].map(lambda path: isinstance(path, str) and _leads_out(path)).astype(bool)
    rivals = rows["path"].map(lambda path: ", ".join(matches.rivals.get(path, ())))
    known_labels = f", wanted one of {', '.join(options.classes if options.labels is None else options.labels)}"
    known_splits = f", wanted one of {', '.join(SPLITS if options.splits is None else options.splits)}"
    reasons = pd.Series(None, index=rows.index, dtype=object)
    no_class = rows["number"].isna() & (rows["part"] != "unlabeled")
    for bad, kind, particular in (
        (rows["path"].isna(), "row names no file", None),
        (rivals != "", AMBIGUOUS.said, rivals),
        (outside, "path leads out of the source", rows["path"]),
        (lost, "no such file", rows["path"]),
        (ids.isna(), "row has no image id", None),
        (rows["part"].isna() & rows["split"].isna(), "row names no split", None),
        (rows["part"].isna(), "unknown split", rows["split"] + known_splits),
        (no_class & rows["label"].notna(), "unknown label", rows["label"] + known_labels),
        (no_class, "row has no label, but its split needs one", rows["part"]),
    ):
        said = kind if particular is None else kind + ": " + particular.fillna("")
        reasons = reasons.where(reasons.notna() | ~bad, said)
    return _repeated(rows, ids, reasons)


def _repeated(rows: Table, ids: "pd.Series[str]", reasons: "pd.Series[str]") -> "pd.Series[str]":
    """Add reasons for rows about a file or an id that a row before them has."""
    good = rows[reasons.isna()]
    claims = good.groupby("file")[["part", "number", "group_id"]].transform("nunique", dropna=False)
    torn = (claims > 1).any(axis=1)
    kept = good[~torn]
    again = kept["file"].duplicated()
    same = ids[kept.index].duplicated() & ~again
    reasons = reasons.copy()
    reasons[torn.index[torn]] = "rows about one file disagree on its label, split or group"
    reasons[again.index[again]] = "another row names the same file"
    reasons[same.index[same]] = "same image id as another row: " + ids[same.index[same]]
    return reasons


def _finished(good: Table) -> Table:
    hidden = good["part"] == "unlabeled"
    if (count := int((hidden & good[["label", "diagnosis"]].notna().any(axis=1)).sum())) > 0:
        logger.info("Label and diagnosis of %d unlabeled images are hidden.", count)
    return good.assign(
        image_id=good["image_id"].fillna(good["file"]),
        split=good["part"],
        label=good["number"].mask(hidden),
        diagnosis=good["diagnosis"].mask(hidden),
    )[list(FIELDS)]


def _rest(source: Source, names: Names, used: set[str], table: str, matches: Matches) -> Table:
    """Quarantine rows of the files that no row names."""
    known = {name: EQUAL_COPY.of(first) for name, first in matches.copies.items()}
    known |= {name: AMBIGUOUS.of(", ".join(files)) for files in matches.rivals.values() for name in files}
    loose = [name for name in names.images if name not in used]
    known = _copies(source, loose, used) | known
    unnamed = f"no row of the table names it: {table}"
    rest = [(name, known.get(name, unnamed)) for name in loose]
    rest += set_aside_companions(name for name in names.companions if name not in used)
    rest += set_aside_others(name for name in names.others if name not in used)
    return pd.DataFrame(rest + names.refused, columns=list(QUARANTINE_COLUMNS), dtype=str)


def _copies(source: Source, loose: list[str], used: set[str]) -> dict[str, str]:
    """Why a file of the same name and bytes as one that a row names is set aside, such as in a backup of the folder."""
    originals: dict[str, list[str]] = defaultdict(list)
    for name in sorted(used):
        originals[PurePosixPath(name).name.casefold()].append(name)
    found = {name: originals.get(PurePosixPath(name).name.casefold(), []) for name in loose}
    equals = {name: next((o for o in near if equal(source, [o, name])), None) for name, near in found.items()}
    return {name: EQUAL_COPY.of(original) for name, original in equals.items() if original is not None}


def _nothing(file: str, aside: Table, names: Names) -> SourceError:
    kinds = aside["reason"].str.partition(":")[0].value_counts()
    found = ", ".join(f"{count:,} x {kind}" for kind, count in kinds.items())
    first = f"{aside['file'].iloc[0]} ({aside['reason'].iloc[0]})"
    return SourceError(
        f"No row of the table {file} can be used: {found}, such as {first}. {advice(aside['reason'])} "
        f"The source holds the images {listed(names.images)}. {WHERE}"
    )
