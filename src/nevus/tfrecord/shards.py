"""What shards are called and what is found in them, record by record; shared by those who read, write and check."""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from nevus.contracts import Source, SourceError
from nevus.tfrecord.example import ExampleError, Feature, decode
from nevus.tfrecord.framing import Content, Fault, Frame, Unpacked, frames, unpack

SUFFIXES = (".tfrec", ".tfrecord", ".tfrecords")
PREFIXES = {"labeled": "train", "validation": "validation", "unlabeled": "unlabeled", "test": "test"}  # by split

_NAME = re.compile(r"(train|validation|val|unlabeled|test)(?![a-z])(?:[0-9]+-([0-9]{1,9})\.)?", re.IGNORECASE)
_SPLITS = {prefix: split for split, prefix in PREFIXES.items()} | {"val": "validation"}


class Record(NamedTuple):
    """One record of a shard.

    Attributes:
        name: Shard and number, counted from 0, such as "train00-150.tfrec#17".
        offset: Where the record stands in the unpacked shard, in bytes.
        features: Name to values.
    """

    name: str
    offset: int
    features: dict[str, Feature]


class Broken(NamedTuple):
    """One record, or the rest of a shard, that cannot be used.

    Attributes:
        name: Shard and number; the shard alone where it is broken as a whole.
        reason: Why; what follows a colon is particular to the shard.
    """

    name: str
    reason: str


def shard_names(names: Iterable[str]) -> list[str]:
    """Names that are shards by their suffix, gzipped or not, in the order given."""
    return [name for name in names if is_shard(name)]


def is_shard(name: str) -> bool:
    """Whether a file is a shard by its suffix."""
    return name.lower().removesuffix(".gz").endswith(SUFFIXES)


def split_of(name: str) -> str | None:
    """The split that a shard's name stands for: of `train00-150.tfrec`, labeled; None where it says none."""
    found = _NAME.match(PurePosixPath(name).name)
    return _SPLITS[found[1].lower()] if found else None


def promised(name: str) -> int | None:
    """The number of records that a shard's name promises: of `train00-150.tfrec`, 150; None where it says none."""
    found = _NAME.match(PurePosixPath(name).name)
    return int(found[2]) if found and found[2] else None


def shard_name(split: str, number: int, records: int, *, zipped: bool) -> str:
    """How a shard is called, such as `train00-150.tfrec` or `test03-80.tfrec.gz`."""
    return f"{PREFIXES[split]}{number:02d}-{records}.tfrec{'.gz' if zipped else ''}"


def records(source: Source, shard: str) -> Iterator[Record | Broken]:
    """Read one shard; nothing of it is held afterwards.

    Args:
        source: Where it lies.
        shard: Its name in the source.

    Yields:
        Each record with right checksums that is an example; each that is not; one for the rest of the shard where
        nothing more can be found; one for the shard where its name promises another number of records.
    """
    try:
        content, damage = unpack(source.read([shard])[0])
    except SourceError as error:
        yield Broken(shard, f"shard cannot be read: {error}")
        return
    count, lost = 0, False
    for count, found in enumerate(frames(content), start=1):
        lost = isinstance(found, Fault) and found.final
        yield _judge(shard, count - 1, found, Unpacked(content, damage))
    if not lost and (ending := _ending(shard, count, damage)) is not None:
        yield ending


def _judge(shard: str, number: int, found: Frame | Fault, unpacked: Unpacked) -> Record | Broken:
    if isinstance(found, Fault):
        return _broken(shard, number, found, unpacked)
    name = f"{shard}#{number}"
    try:
        return Record(name, found.offset, decode(found.data))
    except ExampleError as error:
        return Broken(name, f"record is no tf.train.Example: {error}")


def _ending(shard: str, count: int, damage: str | None) -> Broken | None:
    """What is wrong with a shard of which every frame was found."""
    wanted = promised(shard)
    if damage is not None and wanted is not None and count >= wanted:
        return Broken(shard, f"shard is damaged behind its last record: {damage}")
    if damage is not None:  # exactly between two records
        return Broken(f"{shard}#{count}", _rest_is_lost(shard, count, damage))
    if wanted is not None and count != wanted:
        return Broken(shard, f"not as many records as the name says: wanted {wanted:,}, found {count:,}")
    return None if count else Broken(shard, "shard is empty")


def _broken(shard: str, number: int, fault: Fault, unpacked: Unpacked) -> Broken:
    content, damage = unpacked
    if not fault.final:
        return Broken(f"{shard}#{number}", f"{fault.reason} of a record")
    if number == 0 and damage is None:
        return Broken(
            shard, f"not a TFRecord file, or damaged from its first record on: {fault.reason}; {_look(content)}"
        )
    return Broken(f"{shard}#{number}", _rest_is_lost(shard, number, damage or fault.reason))


def _rest_is_lost(shard: str, number: int, reason: str) -> str:
    wanted = promised(shard)
    count = "" if wanted is None else f"; {max(wanted - number, 0):,} of {wanted:,} records by its name"
    return f"rest of the shard is lost: from this record on, {reason}{count}"


def _look(content: Content) -> str:
    known = {b"\xff\xd8\xff": "a JPEG image", b"\x89PNG": "a PNG image", b"PK\x03\x04": "a zip archive"}
    kinds = [kind for magic, kind in known.items() if content.startswith(magic)]
    return f"it looks like {kinds[0]}" if kinds else f"it begins with the bytes {content[:8].hex(' ')}"
