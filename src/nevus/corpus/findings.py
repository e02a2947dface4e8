"""What a person should know before training, one line each, worst first."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from nevus.contracts import Table
from nevus.corpus.audit import METADATA, kind_of

# act: scores would be wrong; look: somebody has to judge; note: to be known; fine: looked for and not found.
LEVELS = ("act", "look", "note", "fine")
FINDING_COLUMNS = ("level", "check", "number", "finding", "examples")

_EXAMPLES = 5
BESIDE_THE_LESION = ("corners", "border")  # probes that see no lesion, or little of it


class Finding(NamedTuple):
    """One line: how serious, what was looked for, how many, in words, and some names."""

    level: str
    check: str
    number: int
    finding: str
    examples: str = ""


def findings(
    counts: Table, quarantine: Table, pairs: Table, crossings: Table, outliers: Table, shortcuts: Table, *, classes: int
) -> Table:
    """Judge the tables of the audit.

    Args:
        counts: From `audit.count`.
        quarantine: Columns as in `QUARANTINE_COLUMNS`.
        pairs: From `audit.pairs`.
        crossings: From `audit.crossings`.
        outliers: `image_id`, `reason` and more, as from `outliers.find_outliers`.
        shortcuts: `probe`, `model`, `metric`, `value`, `low`, `high`, `floor`; empty where no probe was possible.
        classes: Number of classes.

    Returns:
        `FINDING_COLUMNS`, by `LEVELS`.
    """
    found = [
        *_pairs(pairs),
        *_groups(crossings),
        *_labels(counts, pairs, classes),
        *_files(quarantine, counts),
        *_outliers(outliers),
        *_shortcuts(shortcuts),
        *_missing(counts),
    ]
    table = pd.DataFrame(found, columns=list(FINDING_COLUMNS))
    return table.sort_values("level", key=lambda levels: levels.map(LEVELS.index), kind="stable", ignore_index=True)


def _pairs(pairs: Table) -> Iterator[Finding]:
    used = pairs[(pairs["split"] != "left out") & (pairs["other_split"] != "left out")]
    kinds = (
        ("exact", "act", "files with the same bytes", "are too good"),
        ("near", "look", "nearly the same image", "may be too good"),
    )
    for kind, serious, few, effect in kinds:
        of_kind = used[used["kind"] == kind]
        held, apart = of_kind[of_kind["held_out"]], of_kind[of_kind["crosses"] & ~of_kind["held_out"]]
        inside = of_kind[~of_kind["crosses"]]
        if len(held):
            words = f"pairs of {few} on both sides of a held-out split: scores on it {effect}"
            yield Finding(serious, f"{kind} duplicates of held-out images", len(held), words, _named(held))
        if len(apart):
            yield Finding(
                "note", f"{kind} duplicates", len(apart), f"pairs of {few} in two training splits", _named(apart)
            )
        if len(inside):
            yield Finding("note", f"{kind} duplicates", len(inside), f"pairs of {few} within one split", _named(inside))
        if not len(held):
            yield Finding(
                "fine",
                f"{kind} duplicates of held-out images",
                0,
                f"no pair of {few} on both sides of a held-out split",
            )


def _groups(crossings: Table) -> Iterator[Finding]:
    check = "groups across splits"
    final, source = (crossings[crossings["stage"] == stage] for stage in ("final", "source"))
    held = final[final["held_out"].astype(bool)]
    if len(held):
        words = "lesions or patients on both sides of a held-out split: scores on it are too good"
        yield Finding("act", check, len(held), words, _some(held["group_id"]))
    if len(final) > len(held):
        rest = final[~final["held_out"].astype(bool)]
        yield Finding("note", check, len(rest), "lesions or patients in two training splits", _some(rest["group_id"]))
    if len(source) and not len(final):
        words = "lesions or patients cross the source's own splits; none cross the splits used here"
        yield Finding("note", check, len(source), words, _some(source["group_id"]))
    if not len(held):
        yield Finding("fine", check, 0, "no known lesion or patient on both sides of a held-out split")


def _labels(counts: Table, pairs: Table, classes: int) -> Iterator[Finding]:
    both = pairs[pairs["label"].notna() & pairs["other_label"].notna()]
    conflict = both[(both["label"] != both["other_label"]).fillna(False).astype(bool)]
    if len(conflict):
        words = "pairs of duplicates with different labels: one label is wrong"
        yield Finding("look", "labels", len(conflict), words, _named(conflict))
    named = counts[(counts["aspect"] == "class") & (counts["value"] != "no label")]
    for split in ("labeled", "validation", "test"):
        here = named[named["split"] == split]
        if 0 < len(here) < classes:
            words = f"of {classes} classes have images in {split}: {', '.join(here['value'])}"
            yield Finding("look", "labels", len(here), words)
    if not len(named):
        yield Finding("look", "labels", 0, "images have a label: nothing to train a classifier on")


def _files(quarantine: Table, counts: Table) -> Iterator[Finding]:
    for kind, rows in quarantine.groupby(kind_of(quarantine["reason"]), sort=False):
        yield Finding("look", "quarantine", len(rows), f"files set aside: {kind}", _some(rows["file"]))
    if not len(quarantine):
        yield Finding("fine", "quarantine", 0, "no file set aside")
    out = counts[counts["aspect"] == "left out"]
    for _, row in out.iterrows():
        yield Finding("note", "left out", int(row["images"]), f"images in no split: {row['value']}")


def _outliers(outliers: Table) -> Iterator[Finding]:
    if not len(outliers):
        yield Finding("fine", "outliers", 0, "no image far from the usual brightness, colour or sharpness")
        return
    kinds = outliers.groupby(kind_of(outliers["reason"]))["image_id"].nunique().sort_values(ascending=False)
    words = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
    names = outliers["image_id"]
    yield Finding("look", "outliers", names.nunique(), f"images far from the usual: {words}", _some(names))


def _shortcuts(shortcuts: Table) -> Iterator[Finding]:
    check = "shortcuts"
    if not len(shortcuts):
        yield Finding("note", check, 0, "probes: too few labelled images, or one class only")
        return
    linear = shortcuts[(shortcuts["metric"] == "balanced_accuracy") & (shortcuts["model"] == "linear")]
    beside = linear[linear["probe"].isin(BESIDE_THE_LESION)]
    above = beside[beside["low"] > beside["floor"]]
    if len(above):
        scores = ", ".join(
            f"{r['probe']} {r['value']:.2f} [{r['low']:.2f}, {r['high']:.2f}]" for r in above.to_dict("records")
        )
        words = f"probes beside the lesion beat guessing (balanced accuracy {above['floor'].iloc[0]:.2f}): {scores}"
        yield Finding("look", check, len(above), words)
    else:
        yield Finding("fine", check, 0, "no probe beside the lesion beats guessing beyond its interval")


def _missing(counts: Table) -> Iterator[Finding]:
    total = int(counts.loc[counts["aspect"] == "all", "images"].sum())
    missing = counts[counts["aspect"] == "missing"].groupby("value")["images"].sum()
    without = int(missing.get("group_id", 0))
    if without:
        words = "images of unknown lesion and patient: siblings may sit on both sides of a split"
        yield Finding("look", "metadata", without, words)
    partly = {name: int(missing[name]) for name in METADATA[1:] if name in missing}
    if partly:
        shares = ", ".join(f"{name} {_share(number, total)}" for name, number in partly.items())
        yield Finding("note", "metadata", max(partly.values()), f"images lack metadata: {shares}")
    if not without and not partly:
        yield Finding("fine", "metadata", 0, "nothing is missing")


def _share(number: int, total: int) -> str:
    return "all" if number == total else "under 1%" if number < 0.01 * total else f"{min(number / total, 0.99):.0%}"


def _named(pairs: Table) -> str:
    return _some(pairs["image_id"] + " = " + pairs["other_id"])


def _some(names: "pd.Series[str]") -> str:
    unique = list(dict.fromkeys(names.astype(str)))
    more = f" and {len(unique) - _EXAMPLES:,} more" if len(unique) > _EXAMPLES else ""
    return ", ".join(unique[:_EXAMPLES]) + more
