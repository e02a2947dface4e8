"""Which images the audit shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nevus.contracts import SPLITS, Corpus, Table
from nevus.corpus.audit import kind_of
from nevus.plots.audit_sheet import Shown, Strip

if TYPE_CHECKING:
    import pandas as pd

_STRIP = 16  # images in a row of examples
_LONG = 22  # characters of an id that fit below an image


def examples(table: Table, corpus: Corpus) -> list[Strip]:
    """Images of each used split and class, at even distances.

    Args:
        table: From `corpus.audit.placed`.
        corpus: All packed images.
    """
    names: dict[Any, str] = dict(enumerate(corpus.classes))
    strips = []
    for split in SPLITS:
        part = table[table["split"] == split]
        for label, rows in part.groupby("label", dropna=False):
            chosen = rows.iloc[np.linspace(0, len(rows) - 1, min(len(rows), _STRIP)).astype(np.intp)]
            name = names.get(label, "no label")
            title = f"{split}, {name}: {len(chosen)} of {len(rows):,} images"
            strips.append(Strip(title, corpus.pixels[chosen["row"].to_numpy()]))
    return strips


def alleged_masks(masks: Table, table: Table, corpus: Corpus) -> list[Strip]:
    """Some of the images that look like masks, at even distances; no strip where none does.

    Args:
        masks: From `corpus.masks.find_masks`.
        table: From `corpus.audit.placed`.
        corpus: All packed images.
    """
    if not len(masks):
        return []
    chosen = masks.iloc[np.linspace(0, len(masks) - 1, min(len(masks), _STRIP)).astype(np.intp)]
    rows = table.set_index("image_id")["row"].loc[chosen["image_id"]]
    return [Strip(f"look like masks: {len(chosen)} of {len(masks):,} images", corpus.pixels[rows.to_numpy()])]


def strangest(outliers: Table, table: Table, corpus: Corpus, number: int) -> list[Shown]:
    """The strongest outliers, each image once, the kinds in turn so that none hides the others.

    Args:
        outliers: From `corpus.outliers.find_outliers`.
        table: From `corpus.audit.placed`.
        corpus: All packed images.
        number: How many at most.
    """
    once = outliers.drop_duplicates("image_id")
    kinds = kind_of(once["reason"])
    turn = once.assign(turn=once.groupby(kinds).cumcount(), kind=kinds)
    rows = table.set_index("image_id")["row"]
    return [
        Shown(corpus.pixels[[rows[row["image_id"]]]], f"{_short(row['image_id'])}\n{row['kind']} ({row['score']:+.1f})")
        for _, row in turn.sort_values("turn", kind="stable").head(number).iterrows()
    ]


def side_by_side(pairs: Table, table: Table, corpus: Corpus) -> list[Shown]:
    """Both images of each pair.

    Args:
        pairs: From `corpus.audit.pairs`.
        table: From `corpus.audit.placed`.
        corpus: All packed images.
    """
    rows = table.set_index("image_id")["row"]
    return [
        Shown(corpus.pixels[[rows[row["image_id"]], rows[row["other_id"]]]], _of_pair(row), bool(row["held_out"]))
        for _, row in pairs.iterrows()
    ]


def _of_pair(row: pd.Series) -> str:
    turned = ", turned" if row["transform"] else ""
    kind = "same bytes or pixels" if row["kind"] == "exact" else f"correlation {row['correlation']:.3f}{turned}"
    return f"{_short(row['image_id'])} | {_short(row['other_id'])}\n{row['split']} | {row['other_split']}, {kind}"


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"\N{HORIZONTAL ELLIPSIS}{name[1 - _LONG :]}"
