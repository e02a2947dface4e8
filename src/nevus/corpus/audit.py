"""What a corpus holds, in tables: counts, missing metadata, pairs and groups that cross splits. Nothing is changed."""

from typing import Any

import numpy as np
import pandas as pd

from nevus.contracts import SPLITS, Table

LEFT_OUT = "left out"  # stands where the assignment has no split
PLACES = (*SPLITS, LEFT_OUT)
NO_LABEL = "no label"  # stands where an image has no class
HELD_OUT = frozenset({"validation", "test"})
METADATA = ("group_id", "diagnosis", "age", "sex", "site")

COUNT_COLUMNS = ("aspect", "value", "split", "images", "groups")
CROSSING_COLUMNS = ("stage", "group_id", "splits", "images", "held_out")
PAIR_COLUMNS = (
    "kind",
    "image_id",
    "split",
    "label",
    "other_id",
    "other_split",
    "other_label",
    "correlation",
    "transform",
    "crosses",
    "held_out",
)

_SIZES = 8  # sizes are named one by one up to this number, else by ranges
_UNKNOWN = "unknown"


def placed(manifest: Table, assignment: Table) -> Table:
    """Put the final split and label of each image beside what the source says of it.

    Args:
        manifest: Columns as in `MANIFEST_COLUMNS`.
        assignment: Columns as in `ASSIGNMENT_COLUMNS`; an image that it does not name is left out.

    Returns:
        The manifest's rows with `source_split`, `source_label`, final `split` ("left out" where there is none), final
        `label` (null where hidden), `reason`, and `group`: the group, or the image itself where the group is not known.
    """
    final = assignment.set_index("image_id").reindex(manifest["image_id"])
    return manifest.assign(
        source_split=manifest["split"],
        source_label=manifest["label"].astype("Int64"),
        split=final["split"].astype("object").where(final["split"].notna(), LEFT_OUT).to_numpy(),
        label=final["label"].astype("Int64").array,
        reason=final["reason"].to_numpy(),
        group=manifest["group_id"].astype("object").where(manifest["group_id"].notna(), manifest["image_id"]),
    )


def count(table: Table, classes: tuple[str, ...]) -> Table:
    """Count images and groups of every split, from several sides.

    Args:
        table: From `placed`.
        classes: Names of the classes.

    Returns:
        `aspect` (all, class, diagnosis, source, size, missing, left out), `value` (such as the name of a class),
        `split`, `images`, `groups`; combinations without an image have no row.
    """
    names = table["label"].map(dict(enumerate(classes)))
    aspects: dict[str, Any] = {
        "all": "all",
        "class": names.astype("object").where(names.notna(), NO_LABEL),
        "diagnosis": table["diagnosis"].astype("object").where(table["diagnosis"].notna(), _UNKNOWN),
        "source": table["source"],
        "size": _sizes(table),
    }
    counted = [_count(table.assign(aspect=aspect, value=value)) for aspect, value in aspects.items()]
    counted += [_count(table[table[name].isna()].assign(aspect="missing", value=name)) for name in METADATA]
    out = table[table["split"] == LEFT_OUT]
    counted.append(_count(out.assign(aspect=LEFT_OUT, value=kind_of(out["reason"]))))
    return pd.concat([part for part in counted if len(part)], ignore_index=True)


def crossings(table: Table) -> Table:
    """List the groups (lesions or patients) that have images in more than one split.

    Args:
        table: From `placed`.

    Returns:
        One row a group and stage: `stage` (source: as the source splits them; final: as they are used), `group_id`,
        `splits`, `images`, `held_out` (whether a validation or test split is among them). Largest groups first.
    """
    known = table[table["group_id"].notna()]
    found = []
    for stage, column in (("source", "source_split"), ("final", "split")):
        used = known[known[column] != LEFT_OUT]
        several = used.groupby("group_id")[column].nunique()
        members = used[used["group_id"].isin(several.index[several > 1])]
        for group, rows in members.groupby("group_id"):
            splits = [split for split in SPLITS if split in set(rows[column])]
            found.append((stage, str(group), ", ".join(splits), len(rows), bool(HELD_OUT & set(splits))))
    listed = pd.DataFrame(found, columns=list(CROSSING_COLUMNS))
    return listed.sort_values(["stage", "held_out", "images"], ascending=False, kind="stable", ignore_index=True)


def pairs(duplicates: Table, table: Table) -> Table:
    """Say of each pair of duplicates where its two images ended.

    Args:
        duplicates: Columns as in `DUPLICATE_COLUMNS`.
        table: From `placed`.

    Returns:
        `PAIR_COLUMNS`. `label`: as it is used, and of an image left out as the source has it, since the pair may be
        why it was left out. `crosses`: both are used, in different splits; `held_out`: one of these is validation or
        test. What touches a held-out split comes first, then what crosses, then by falling correlation.
    """
    out = table["split"] == LEFT_OUT
    known = table.assign(label=table["label"].mask(out, table["source_label"])).set_index("image_id")[
        ["split", "label"]
    ]
    first, second = (known.reindex(duplicates[name]) for name in ("image_id", "other_id"))
    split, other = (side["split"].astype("object").fillna(LEFT_OUT).to_numpy() for side in (first, second))
    crosses = (split != other) & (split != LEFT_OUT) & (other != LEFT_OUT)
    held = np.isin(split, list(HELD_OUT)) | np.isin(other, list(HELD_OUT))
    table = duplicates.assign(
        split=split,
        other_split=other,
        label=first["label"].astype("Int64").array,
        other_label=second["label"].astype("Int64").array,
        crosses=crosses,
        held_out=crosses & held,
    )[list(PAIR_COLUMNS)]
    return table.sort_values(["held_out", "crosses", "correlation"], ascending=False, kind="stable", ignore_index=True)


def kind_of(reasons: Any) -> Any:
    """The kind of each reason: the text before its first colon."""
    given = reasons.astype("string").fillna("no reason given")
    return given.str.replace(r"(?s)\s*:.*", "", regex=True).astype("object")


def _count(table: Table) -> Table:
    grouped = table.groupby(["aspect", "value", "split"], sort=False)["group"]
    counted = grouped.agg(images="size", groups="nunique").reset_index()
    order = counted["split"].map({name: number for number, name in enumerate(PLACES)})
    rank = counted.groupby("value")["images"].transform("sum")
    if (counted["aspect"] == "class").all():
        rank = pd.Series(0, index=counted.index)  # classes keep the order of their first image
    return counted.assign(order=order, rank=-rank).sort_values(["rank", "value", "order"], kind="stable")[
        list(COUNT_COLUMNS)
    ]


def _sizes(table: Table) -> Any:
    exact = table["width"].astype(str) + " x " + table["height"].astype(str)
    if exact.nunique() <= _SIZES:
        return exact
    shorter = table[["width", "height"]].min(axis=1).to_numpy()
    power = 2 ** np.floor(np.log2(shorter)).astype(int)
    return pd.Series([f"shorter side {low} to {2 * low - 1}" for low in power], index=table.index)
