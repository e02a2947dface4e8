"""What was found in shards, for a person to look at."""

import json
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import Figure, Pixels, Source, Table
from nevus.corpus.decode import decode
from nevus.plots.style import new_figure
from nevus.readers.shards import ShardSource
from nevus.tfrecord.check import NO_TARGET, ShardReport
from nevus.tfrecord.index import INDEX

SUMMARY_COLUMNS = ("split", "shards", "records", "broken", "targets")
MOST_PANELS = 16  # of the contact sheet; a target of others may be a number of any kind
_OTHERS = "others"
_NAMES = {NO_TARGET: "without a target", _OTHERS: "rarer targets"}


class RecordPixels:
    """Images of records, decoded when they are asked for, so that of many shards only what is shown is in memory.

    Args:
        source: The shards.
        records: Where each record is, as `nevus.tfrecord.check` lists them.
        size: Height and width wanted, in pixels.
        max_pixels: Larger images are not decoded.
    """

    def __init__(self, source: Source, records: Table, *, size: int, max_pixels: int) -> None:
        self._files = records["file"].to_numpy(dtype=object)
        self._images = ShardSource(source, dict(zip(self._files, records["offset"], strict=True)), feature="image")
        self._size, self._max_pixels = size, max_pixels

    def __getitem__(self, rows: NDArray[np.intp]) -> Pixels:
        """Images of the records at these positions, (n, size, size, 3) uint8."""
        images = self._images.read(self._files[rows].tolist())
        return decode(images, self._size, max_pixels=self._max_pixels, resize="squash").pixels


def summarise(report: ShardReport) -> Table:
    """One row a split and one for all: `split`, `shards`, `records`, `broken`, `targets` (such as "0: 180 (90.0%)")."""
    rows = report.balance.itertuples(index=False)
    parts = pd.Series([f"{row.target}: {row.records:,} ({row.share:.1%})" for row in rows], dtype=object)
    targets = parts.groupby(report.balance["split"]).agg(", ".join)
    counts = report.shards.groupby("split", sort=False).agg(
        shards=("shard", "size"), records=("records", "sum"), broken=("broken", "sum")
    )
    table = counts.assign(targets=targets).fillna({"targets": "-"}).reset_index()
    # A shard that is missing is broken, but of no split.
    total = ("all", len(report.shards), len(report.records), len(report.broken), "-")
    return pd.concat([table, pd.DataFrame([total], columns=list(SUMMARY_COLUMNS))], ignore_index=True)


def class_names(source: Source, targets: "pd.Series[Any]") -> tuple[NDArray[np.int64], list[str]]:
    """Number the targets and name them: by the index that nevus wrote beside its shards, or else as they are.

    Args:
        source: The shards.
        targets: (n,) text, null where a record has none.

    Returns:
        (n,) positions among the names, and the names. Records without a target come last, before them the rarest
        targets together where there are more than `MOST_PANELS` of them.
    """
    known = _indexed_classes(source)
    text = targets.fillna(NO_TARGET).astype(str)
    rare = text.value_counts().index[MOST_PANELS:]
    text = text.where(~text.isin(rare) | (text == NO_TARGET), _OTHERS)
    found = sorted(text.unique(), key=_order)
    names = [known[int(one)] if one.isdecimal() and int(one) < len(known) else _NAMES.get(one, one) for one in found]
    labels = text.map({one: number for number, one in enumerate(found)}).to_numpy(dtype=np.int64)
    return labels, names


def _order(target: str) -> tuple[int, int, str]:
    number = int(target) if target.isdecimal() else -1
    return [_OTHERS, NO_TARGET].index(target) + 1 if target in _NAMES else 0, number, target


def _indexed_classes(source: Source) -> list[str]:
    for name in source.names():
        if PurePosixPath(name).name == INDEX:
            return [str(one) for one in json.loads(source.read([name])[0]).get("classes", [])]
    return []


def nothing_to_show() -> Figure:
    """A figure that says so, where no record holds an image: the table of broken records then says why."""
    figure = new_figure(6, 1.5)
    figure.text(0.5, 0.5, "No record of these shards holds an image.", ha="center", va="center", fontsize=13)
    return figure
