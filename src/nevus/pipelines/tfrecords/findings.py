"""What was found in shards, for a person to look at."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import Figure, Pixels, Source, Table
from nevus.corpus.decode import decode
from nevus.plots.style import new_figure
from nevus.readers.shards import ShardSource
from nevus.tfrecord.check import NO_TARGET, ShardReport
from nevus.tfrecord.index import Index, read_indexes

SUMMARY_COLUMNS = ("split", "shards", "records", "broken", "targets")
MOST_TARGETS = 16  # a split, or panels of the contact sheet; a target of others may be a number of any kind
LONGEST = 40  # characters of a target; that of others may be a whole text
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
    targets = pd.Series({split: _shares(rows) for split, rows in report.balance.groupby("split")}, dtype=object)
    counts = report.shards.groupby("split", sort=False).agg(
        shards=("shard", "size"), records=("records", "sum"), broken=("broken", "sum")
    )
    table = counts.assign(targets=targets).fillna({"targets": "-"}).reset_index()
    # A shard that is missing and an index that cannot be read are broken, but of no split.
    total = ("all", len(report.shards), len(report.records), len(report.broken), "-")
    return pd.concat([table, pd.DataFrame([total], columns=list(SUMMARY_COLUMNS))], ignore_index=True)


def _shares(balance: Table) -> str:
    """Each target with its records; where there are too many, the most frequent ones and the others together."""
    few = balance if len(balance) <= MOST_TARGETS else balance.nlargest(MOST_TARGETS, "records", keep="first")
    parts = [f"{_short(str(row.target))}: {row.records:,} ({row.share:.1%})" for row in few.itertuples(index=False)]
    if rest := len(balance) - len(few):
        parts.append(f"{rest:,} rarer targets: {balance['records'].sum() - few['records'].sum():,}")
    return ", ".join(parts)


def _short(target: str) -> str:
    """A target in one line."""
    short = target if len(target) <= LONGEST else f"{target[: LONGEST - 1]}…"
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in short)


def class_names(source: Source, targets: "pd.Series[Any]") -> tuple[NDArray[np.int64], list[str]]:
    """Number the targets and name them: by the index that nevus wrote beside its shards, or else as they are.

    Args:
        source: The shards.
        targets: (n,) text, null where a record has none.

    Returns:
        (n,) positions among the names, and the names. Records without a target come last, before them the rarest
        targets together where there are more than `MOST_TARGETS` of them.
    """
    known = _indexed_classes(source)
    text = targets.fillna(NO_TARGET).astype(str)
    rare = text.value_counts().index[MOST_TARGETS:]
    text = text.where(~text.isin(rare) | (text == NO_TARGET), _OTHERS)
    found = sorted(text.unique(), key=_order)
    names = [_short(known.get(one) or _NAMES.get(one, one)) for one in found]
    labels = text.map({one: number for number, one in enumerate(found)}).to_numpy(dtype=np.int64)
    return labels, names


def _order(target: str) -> tuple[int, int, str]:
    number = int(target) if target.isdecimal() and len(target) <= LONGEST else -1
    return [_OTHERS, NO_TARGET].index(target) + 1 if target in _NAMES else 0, number, target


def _indexed_classes(source: Source) -> dict[str, str]:
    """Target to class, where all indexes that can be read say the same."""
    found = {index.classes for _, index in read_indexes(source) if isinstance(index, Index)}
    return {str(number): name for number, name in enumerate(found.pop())} if len(found) == 1 else {}


def nothing_to_show() -> Figure:
    """A figure that says so, where no record holds an image: the table of broken records then says why."""
    figure = new_figure(6, 1.5)
    figure.text(0.5, 0.5, "No record of these shards holds an image.", ha="center", va="center", fontsize=13)
    return figure
