"""Read shards back and say what is in them."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError, Table
from nevus.file_names import is_litter, readable, refusal
from nevus.tfrecord.example import Feature, as_text, describe
from nevus.tfrecord.index import read_indexes
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
        broken: What cannot be used, `file` and `reason`: a record, the rest of a shard, a whole or a missing shard, an
            index.
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
        Counts, balance of the labels, broken records. Broken too are a shard that an index (`shards.json`) lists and
        that is not in its folder, an index that cannot be read, a shard with another number of records than its name
        says, and an image id that comes twice. What operating systems leave behind is passed over.

    Raises:
        SourceError: There is no shard.
    """
    names = [name for name in shard_names(source.names()) if not is_litter(name)]
    if not names:
        raise SourceError(
            f"Wanted TFRecord shards to check, but found none among {len(source.names()):,} files. "
            "Write them first, or point the catalog entry at their folder."
        )
    shards: list[tuple[Any, ...]] = []
    good: list[tuple[Any, ...]] = []
    broken: list[Broken] = list(_missing(source))
    seen: set[str | None] = set()
    for name in names:
        split, before, bad = split_of(name) or UNKNOWN_SPLIT, len(good), len(broken)
        for found in _contents(source, name):
            judged = _judged(found, split, seen, fault)
            if isinstance(judged, Broken):
                broken.append(judged)
            else:
                good.append(judged)
        shards.append((readable(name), split, len(good) - before, len(broken) - bad, promised(name)))
    table = pd.DataFrame(good, columns=list(RECORD_COLUMNS))
    aside = pd.DataFrame(broken, columns=list(QUARANTINE_COLUMNS), dtype=str)
    counted = pd.DataFrame(shards, columns=list(SHARD_COLUMNS)).astype({"promised": "Int64"})
    return ShardReport(counted, _balance(table), aside, table)


def _contents(source: Source, name: str) -> Iterator[Record | Broken]:
    reason = refusal(name)
    return records(source, name) if reason is None else iter([Broken(readable(name), reason)])


def _missing(source: Source) -> Iterator[Broken]:
    present = set(source.names())
    for file, index in read_indexes(source):
        if isinstance(index, str):
            yield Broken(file, f"index cannot be read: {index}")
            continue
        listed = [str(PurePosixPath(file).parent / name) for name in index.shards]
        yield from (Broken(name, f"shard is missing: listed in {file}") for name in listed if name not in present)


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
    if not (image_id := _text(name)):
        return Broken(found.name, f"record has no image_name: it holds {describe(found.features)}")
    if image_id in seen:
        return Broken(found.name, f"image id comes twice: {image_id}")
    seen.add(image_id)
    return found.name, image_id, split, _text(found.features.get("target", ())), found.offset


def _text(values: Feature) -> str | None:
    return as_text(values[0]) if len(values) == 1 else None


def _balance(table: Table) -> Table:
    counts = Counter(zip(table["split"], table["target"].fillna(NO_TARGET), strict=True))
    total = Counter(table["split"])
    rows = [(split, target, count, count / total[split]) for (split, target), count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))
