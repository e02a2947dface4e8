"""SIIM-ISIC 2020 in TFRecord shards, `train00-2071.tfrec` and so on, each record with its own label."""

import logging
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Source, SourceError
from nevus.readers.names import Names, sort_names
from nevus.readers.options import SiimIsic2020Options
from nevus.readers.shards import ShardSource
from nevus.readers.siim_isic_2020_rows import TRAIN_COLUMNS, WITHOUT_LABELS, Found, is_duplicates
from nevus.readers.tables import UNKNOWN
from nevus.tfrecord.example import Feature, as_text, describe
from nevus.tfrecord.shards import SUFFIXES, Broken, Record, is_shard, promised, records, split_of

NAMES = "train*, validation*, unlabeled* or test*"
PASSED_OVER = (".csv", ".dcm", ".json")

logger = logging.getLogger(__name__)


def collect(source: Source, options: SiimIsic2020Options) -> Found:
    """Read every shard once, one at a time, to learn what its records say.

    Records of a shard named `test*` are the competition's test images, unless they hold a `target`: then somebody knew
    their labels (shards that nevus wrote, for example) and they are a test split.

    Args:
        source: The shards, plain or gzipped, in whatever folders.
        options: Not needed: every record is listed.

    Returns:
        A row a record, named `<shard>#<number>`. Broken records, records of another kind and other files are in
        quarantine.

    Raises:
        SourceError: There is no shard, or no record of any is of the competition's kind.
    """
    names = sort_names(source.names())
    shards = [name for name in names.others if is_shard(name)]
    if not shards:
        raise SourceError(
            f"Wanted TFRecord shards ({', '.join(SUFFIXES)}, perhaps with .gz) with names such as train00-2071.tfrec, "
            f"but found none among {len(source.names()):,} files. For JPEGs beside train.csv set "
            "ingestion.siim_isic_2020.files to jpeg."
        )
    rows: list[dict[str, Any]] = []
    quarantine = _other_files(names)
    for shard in shards:
        good, broken = _read(source, shard)
        rows += good
        quarantine += broken
    if not rows:
        raise SourceError(_nothing(quarantine, shards))
    table = pd.DataFrame(rows, dtype=object)
    images = ShardSource(source, dict(zip(table["file"], table.pop("offset"), strict=True)), feature="image")
    aside = pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str)
    return Found(table, aside, images, "file", coded_sex=True)


def _other_files(names: Names) -> list[tuple[str, str]]:
    others = [name for name in names.others if not (is_shard(name) or is_duplicates(name))]
    strange = [name for name in others if PurePosixPath(name).suffix.lower() not in PASSED_OVER]
    if passed := len(names.images) + len(names.companions) + len(others) - len(strange):
        logger.info("Passed over %s files that are tables, or hold the images once more.", f"{passed:,}")
    return [*names.refused, *((name, "not a file of the competition") for name in strange)]


def _read(source: Source, shard: str) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """Rows and quarantine of one shard; every record that its name promises is in one of them."""
    rows: list[dict[str, Any]] = []
    quarantine: list[tuple[str, str]] = []
    split = split_of(shard)
    for found in records(source, shard):
        if isinstance(found, Record) and split is None:  # which split is not to be guessed: it may be somebody's test
            reason = f"shard name says no split: wanted {NAMES}; its first record holds {describe(found.features)}"
            return [], [(shard, reason)]
        row = found if isinstance(found, Broken) else _row(found, str(split))
        if isinstance(row, Broken):
            quarantine.append((row.name, row.reason))
        else:
            rows.append(row)
    found_or_named = len(rows) + len(quarantine)  # so that the limit of the quarantine counts images, not shards
    lost = range(found_or_named, promised(shard) or 0)
    return rows, quarantine + [(f"{shard}#{number}", "record is lost with its shard") for number in lost]


def _row(record: Record, split: str) -> dict[str, Any] | Broken:
    features = record.features
    image = features.get("image", ())
    text = {name: _known(features.get(name, ())) for name in TRAIN_COLUMNS}
    hidden = text["target"] is None
    # An id may be any word, and a message about a wrong target has to say which it is.
    text |= {name: _text(features.get(name, ())) for name in ("image_name", "target")}
    if len(image) != 1 or not isinstance(image[0], bytes) or text["image_name"] is None:
        wanted = "wanted image as one value of bytes and image_name"
        return Broken(record.name, f"record is not of this schema: {wanted}; it holds {describe(features)}")
    if split == "test" and hidden:
        split = WITHOUT_LABELS
    return {"file": record.name, "split": split, "offset": record.offset, **text}


def _text(values: Feature) -> str | None:
    """A feature's value as text; null where there are none or several, or nothing but blanks."""
    return as_text(values[0]).strip() or None if len(values) == 1 else None


def _known(values: Feature) -> str | None:
    """Its value as text; null where it is not known, which a word or a code below 0 may say too."""
    text = _text(values)
    if text is None or isinstance(values[0], bytes):
        return None if text is None or text.lower() in UNKNOWN else text
    return text if values[0] >= 0 else None


def _nothing(quarantine: list[tuple[str, str]], shards: list[str]) -> str:
    reasons = "\n".join(f"  {name}: {reason}" for name, reason in quarantine[:3])
    return (
        f"Wanted records with the competition's features (image, {', '.join(TRAIN_COLUMNS)}), but found none; "
        f"TFRecord shards: {len(shards):,}.\n{reasons}\n"
        "Give the competition's shards, or choose another reader in conf/<env>/parameters.yml."
    )
