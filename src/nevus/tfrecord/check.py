"""Read shards back and say what is in them."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.tfrecord.example import Feature, describe
from nevus.tfrecord.index import INDEX, read_index
from nevus.tfrecord.shards import Broken, Record, promised, records, shard_names, split_of

SHARD_COLUMNS = ("shard", "split", "records", "broken", "promised")
BALANCE_COLUMNS = ("split", "target", "records", "share")
RECORD_COLUMNS = ("file", "image_id", "split", "target", "offset")
UNKNOWN_SPLIT, NO_TARGET = "unknown", "none"


class ShardReport(NamedTuple):
    """What `check` found.

    Attributes:
        shards: One row a shard: `shard`, `split` (by its name), `records` (good ones), `broken` (places, see below) and
            `promised` (the count in its name, nullable).
        balance: One row a split and target: `split`, `target` (text; "none" where a record has none), `records`,
            `share` of the split, 0 to 1.
        broken: What cannot be used, `file` and `reason`: a record, the rest of a shard, a whole or a missing shard.
        records: One row a good record: `file` such as "train00-150.tfrec#17", `image_id`, `split`, `target` (text or
            null) and `offset`, the record's position in the unpacked shard in bytes. For looking at the images.
    """

    shards: Table
    balance: Table
    broken: Table
    records: Table


def check(source: Source, *, fault: Callable[[bytes], str | None] | None = None) -> ShardReport:
    """Read every shard, one at a time, checksums included.

    Args:
        source: A folder or a zip with shards, plain or gzipped.
        fault: Says of an encoded image why it cannot be decoded, or None; without it nobody looks into the images.

    Returns:
        Counts, balance of the labels, broken records. A shard that the index (`shards.json`) lists and that is not
        there, one with another number of records than its name says, and an image id that comes twice are broken too.

    Raises:
        SourceError: There is no shard, or the index cannot be read.
    """
    names = shard_names(source.names())
    if not names:
        raise SourceError(
            f"Wanted TFRecord shards to check, but found none among {len(source.names()):,} files. "
            "Write them first, or point the catalog entry at their folder."
        )
    shards: list[tuple[Any, ...]] = []
    good: list[tuple[Any, ...]] = []
    broken: list[Broken] = list(_missing(source, names))
    seen: set[str | None] = set()
    for name in names:
        split, before, bad = split_of(name) or UNKNOWN_SPLIT, len(good), len(broken)
        for found in records(source, name):
            judged = _judged(found, split, seen, fault)
            if isinstance(judged, Broken):
                broken.append(judged)
            else:
                good.append(judged)
        shards.append((name, split, len(good) - before, len(broken) - bad, promised(name)))
    table = pd.DataFrame(good, columns=list(RECORD_COLUMNS))
    aside = pd.DataFrame(broken, columns=list(QUARANTINE_COLUMNS), dtype=str)
    counted = pd.DataFrame(shards, columns=list(SHARD_COLUMNS)).astype({"promised": "Int64"})
    return ShardReport(counted, _balance(table), aside, table)


def _missing(source: Source, names: list[str]) -> Iterator[Broken]:
    present = {PurePosixPath(name).name for name in names}
    for listed in read_index(source):
        if listed not in present:
            yield Broken(listed, f"shard is missing: listed in {INDEX}")


def _judged(
    found: Record | Broken, split: str, seen: set[str | None], fault: Callable[[bytes], str | None] | None
) -> tuple[Any, ...] | Broken:
    """The columns of a record, or why it is none of a new image; its id is then among those seen."""
    if isinstance(found, Broken):
        return found
    image, name = found.features.get("image", ()), found.features.get("image_name", ())
    if len(image) != 1 or not isinstance(image[0], bytes) or not image[0]:
        return Broken(found.name, f"record has no image: it holds {describe(found.features)}")
    if fault is not None and (reason := fault(image[0])) is not None:
        return Broken(found.name, f"image cannot be decoded: {reason}")
    if len(name) != 1:
        return Broken(found.name, f"record has no image_name: it holds {describe(found.features)}")
    if (image_id := _text(name)) in seen:
        return Broken(found.name, f"image id comes twice: {image_id}")
    seen.add(image_id)
    return found.name, image_id, split, _text(found.features.get("target", ())), found.offset


def _text(values: Feature) -> str | None:
    if len(values) != 1:
        return None
    value = values[0]
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else f"{value:g}"


def _balance(table: Table) -> Table:
    counts = Counter(zip(table["split"], table["target"].fillna(NO_TARGET), strict=True))
    total = Counter(table["split"])
    rows = [(split, target, count, count / total[split]) for (split, target), count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))
