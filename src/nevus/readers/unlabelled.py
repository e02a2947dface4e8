"""Images that nobody has labelled, as somebody hands them in to be scored: files, a table of paths, or shards."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import PurePosixPath
from posixpath import commonpath, splitext

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError, Table
from nevus.file_names import refusal
from nevus.quarantine import ARCHIVE, advice_on_files
from nevus.readers.details import read_details
from nevus.readers.names import (
    ARCHIVES,
    SUFFIXES,
    UNREAD,
    Names,
    listed,
    perhaps_images,
    set_aside_companions,
    sort_names,
)
from nevus.readers.shards import ShardSource
from nevus.readers.table_formats import SUFFIXES as TABLES
from nevus.readers.table_formats import plain
from nevus.readers.tables import read_table
from nevus.tfrecord.example import Feature, as_text, describe
from nevus.tfrecord.shards import Broken, Record, records, shard_names

# Columns that say where an image lies, the first of these that a table has; then those that say how it is called.
PATHS = ("file", "path", "filepath", "imagepath", "filename", "image", "img", "imagename", "imageid", "isicid")
IDS = ("imagename", "imageid", "isicid", "id", "name")
DETAILS = {
    "age": ("age", "ageapprox"),
    "sex": ("sex", "gender"),
    "site": ("site", "anatomsitegeneralchallenge", "anatomsitegeneral"),
}
IMAGE_FEATURES = ("image", "image/encoded", "image_raw")
ID_FEATURES = ("image_name", "image_id", "isic_id", "image/filename")
COLUMNS = ("file", "image_id", "reason", "age", "sex", "site")

logger = logging.getLogger(__name__)


def read(source: Source) -> Listing:
    """List images without labels.

    Where there are image files, these are meant, sorted by name. Else the records of TFRecord shards, in their order;
    else the rows of the only file, a table, in theirs. What can be told before decoding not to be readable keeps its
    row, with a reason.

    Args:
        source: A folder, an archive, or one file and what it names.

    Returns:
        Records with `file`, `image_id` (the name without what all have in front, and without suffixes unless they tell
        two images apart; in tables and shards what these call it), `reason` (null where the file is to be read), `age`,
        `sex` and `site` (null where nothing says them).

    Raises:
        SourceError: There is nothing to score.
    """
    names = sort_names(name for name in source.names() if not _is_hidden(name))
    if not names.images and (shards := shard_names(names.others)):
        return _of_shards(source, shards)
    if not names.images and len(names.others) == 1 and splitext(names.others[0])[1].lower() in TABLES:
        return _of_table(source, names.others[0])
    return _of_files(source, names)


def _of_files(source: Source, names: Names) -> Listing:
    reasons: dict[str, str | None] = dict.fromkeys(names.images)
    reasons |= {name: reason for name, reason in names.refused if _suffix(name) in SUFFIXES}
    unread = [name for name in names.others if _suffix(name) in UNREAD]
    reasons |= {name: UNREAD[_suffix(name)].of(_suffix(name)) for name in unread}
    if not reasons:
        lost = perhaps_images(names.others)
        helps = advice_on_files(lost) if lost else "Name the folder, archive or table that holds the images."
        raise SourceError(
            f"Wanted images to score ({', '.join(SUFFIXES[:6])} and others), a table of their paths or TFRecord shards,"
            f" but found none among {len(names.others) + len(names.companions):,} files. {helps}"
        )
    set_aside_companions(names.companions)
    passed = [name for name in names.others if name not in reasons]
    if passed:
        logger.info("Passed over %s files that are no images, such as %s.", f"{len(passed):,}", listed(passed[:1]))
    if archives := [name for name in passed if _suffix(name) in ARCHIVES]:
        logger.warning("Images in archives inside the folder are not scored: %s. %s", listed(archives), ARCHIVE.advice)
    files = sorted(reasons)
    rows = zip(files, _short(files), (reasons[file] for file in files), strict=True)
    return _listing(pd.DataFrame(rows, columns=["file", "image_id", "reason"]), source)


def _short(files: list[str]) -> list[str]:
    """Names without the folders around all of them, and without suffixes where that leaves each another."""
    folders = [str(PurePosixPath(file).parent) for file in files if refusal(file) is None]
    around = commonpath(folders or [""])
    names = [file.removeprefix(f"{around}/") if around else file for file in files]
    stems = Counter(splitext(name)[0] for name in names)
    return [stem if stems[stem := splitext(name)[0]] == 1 else name for name in names]


def _of_table(source: Source, file: str) -> Listing:
    table = read_table(source, file, required=[])
    columns = {_bare(column): column for column in reversed(table.columns)}
    where = next((columns[name] for name in PATHS if name in columns), None)
    if where is None:
        raise SourceError(
            f"{file} wants a column with the paths of the images, called {', '.join(PATHS[:5])} or image_name, but has "
            f"the columns {', '.join(table.columns)}. Rename the column that holds them."
        )
    called = next((columns[name] for name in IDS if name in columns), where)
    known = {
        name: next((table[columns[one]] for one in ways if one in columns), None) for name, ways in DETAILS.items()
    }
    rows = pd.DataFrame({"file": table[where], **known}, index=table.index)
    rows["image_id"] = table[called].fillna(table[where])
    rows["image_id"] = rows["image_id"].fillna(pd.Series([f"row {n + 1}" for n in range(len(rows))], index=rows.index))
    rows["reason"] = rows["file"].map(lambda path: None if isinstance(path, str) else "row names no file")
    rows["file"] = rows["file"].fillna("")
    return _listing(rows, source)


def _of_shards(source: Source, shards: list[str]) -> Listing:
    rows: list[dict[str, str | None]] = []
    offsets: dict[str, int] = {}
    features: set[str] = set()
    for shard in shards:
        for found in records(source, shard):
            row = _row(found)
            rows.append(row)
            if isinstance(found, Record) and row["reason"] is None:
                offsets[found.name] = found.offset
                features.add(str(row.pop("feature")))
    if len(features) != 1:
        first = rows[0]["reason"]
        raise SourceError(
            f"Wanted records with an encoded image in one of the features {', '.join(IMAGE_FEATURES)}, but found "
            f"{'several of these' if features else 'none'} in {len(shards):,} shards"
            f"{'' if features else f': {first}'}. Write the image into `{IMAGE_FEATURES[0]}`."
        )
    return _listing(pd.DataFrame(rows), ShardSource(source, offsets, feature=features.pop()))


def _row(found: Record | Broken) -> dict[str, str | None]:
    """What one record says."""
    if isinstance(found, Broken):
        return {"file": found.name, "image_id": found.name, "reason": found.reason}
    texts = {name: _text(values) for name, values in found.features.items() if name not in IMAGE_FEATURES}
    called = next((text for name in ID_FEATURES if (text := texts.get(name))), found.name)
    feature = next((name for name in IMAGE_FEATURES if _is_image(found.features.get(name, ()))), None)
    row = {"file": found.name, "image_id": called, "reason": None, "feature": feature}
    if feature is None:
        row["reason"] = f"record is not of this schema: it holds {describe(found.features)}"
    details = {
        name: next((text for key, text in texts.items() if _bare(key) in ways), None) for name, ways in DETAILS.items()
    }
    return row | details


def _text(values: Feature) -> str | None:
    return as_text(values[0]).strip() or None if len(values) == 1 else None


def _is_image(values: Feature) -> bool:
    return len(values) == 1 and isinstance(values[0], bytes)


def _listing(rows: Table, source: Source) -> Listing:
    rows = rows.reindex(columns=list(COLUMNS)).astype(object)
    rows = rows.where(rows.notna(), None)
    read, _ = read_details(rows, key="image_id")
    return Listing(read.reset_index(drop=True), pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str), source)


def _bare(column: str) -> str:
    """The name of a column, however it is written."""
    return plain(column).replace("_", "").replace(" ", "")


def _is_hidden(name: str) -> bool:
    """Whether a file lies in a hidden folder, such as .ipynb_checkpoints, which holds copies."""
    return any(folder.startswith(".") and folder != ".." for folder in name.split("/")[:-1])


def _suffix(name: str) -> str:
    return splitext(name)[1].lower()
