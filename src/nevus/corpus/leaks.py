"""What would make a score too good, or a label wrong: one image or one lesion in two places."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from nevus.contracts import Table
from nevus.corpus.audit import HELD_OUT, LEFT_OUT

_EXAMPLES = 5
_EXACT, _NEAR = "files with the same bytes or pixels", "nearly the same image"


class Finding(NamedTuple):
    """One line: how serious, what was looked for, how many, in words, and some names."""

    level: str
    check: str
    number: int
    finding: str
    examples: str = ""


def pair_findings(pairs: Table, near_sought: bool) -> Iterator[Finding]:
    """Judge pairs of duplicates (from `audit.pairs`) by where both images are; say where near ones were not sought."""
    used = pairs[(pairs["split"] != LEFT_OUT) & (pairs["other_split"] != LEFT_OUT)]
    for kind, few, serious, effect in (
        ("exact", _EXACT, "act", "are too good"),
        ("near", _NEAR, "look", "may be too good"),
    ):
        check = f"{kind} duplicates of held-out images"
        of_kind = used[used["kind"] == kind]
        held, apart = of_kind[of_kind["held_out"]], of_kind[of_kind["crosses"] & ~of_kind["held_out"]]
        inside = of_kind[~of_kind["crosses"]]
        if len(held):
            words = f"pairs of {few} on both sides of a held-out split: scores on it {effect}"
            yield Finding(serious, check, len(held), words, _named(held))
        for rows, where in ((apart, "in two training splits"), (inside, "within one split")):
            if len(rows):
                yield Finding("note", f"{kind} duplicates", len(rows), f"pairs of {few} {where}", _named(rows))
        if kind == "near" and not near_sought:
            yield Finding("note", check, 0, "near-duplicates were not looked for: duplicates.correlation is null")
        elif not len(held):
            yield Finding("fine", check, 0, f"no pair of {few} on both sides of a held-out split")


def group_findings(crossings: Table, counts: Table) -> Iterator[Finding]:
    """Judge groups that cross splits (from `audit.crossings`), and whether `audit.count` knows groups to check."""
    check = "groups across splits"
    final, source = (crossings[crossings["stage"] == stage] for stage in ("final", "source"))
    held = final[final["held_out"].astype(bool)]
    if len(held):
        words = "lesions or patients on both sides of a held-out split: scores on it are too good"
        yield Finding("act", check, len(held), words, some(held["group_id"]))
    if len(final) > len(held):
        rest = final[~final["held_out"].astype(bool)]
        yield Finding("note", check, len(rest), "lesions or patients in two training splits", some(rest["group_id"]))
    if len(source) and not len(final):
        words = "lesions or patients cross the source's own splits; none cross the splits used here"
        yield Finding("note", check, len(source), words, some(source["group_id"]))
    if not len(held):
        yield _no_group(check, counts)


def _no_group(check: str, counts: Table) -> Finding:
    """What it means that no group crosses: nothing, where no image of one side has a group."""
    images, missing = (
        counts[(counts["aspect"] == aspect) & (counts["value"] == value)].groupby("split")["images"].sum()
        for aspect, value in (("all", "all"), ("missing", "group_id"))
    )
    sides = (HELD_OUT, {"labeled", "unlabeled"})
    total, lacking = ([int(each[each.index.isin(side)].sum()) for side in sides] for each in (images, missing))
    if any(here and here == without for here, without in zip(total, lacking, strict=True)):
        words = "images of unknown lesion and patient: siblings may sit on both sides of a split, and nobody can check"
        return Finding("look", check, sum(lacking), words)
    where = " (where known)" if any(lacking) else ""
    return Finding("fine", check + where, 0, "no known lesion or patient on both sides of a held-out split")


def conflict_findings(pairs: Table) -> Iterator[Finding]:
    """Find pairs of duplicates (from `audit.pairs`) with two labels."""
    both = pairs[pairs["label"].notna() & pairs["other_label"].notna()]
    conflict = both[(both["label"] != both["other_label"]).fillna(False).astype(bool)]
    for kind, few, effect in (("exact", _EXACT, "is"), ("near", _NEAR, "may be")):
        rows = conflict[conflict["kind"] == kind]
        if len(rows):
            words = f"pairs of {few} with different labels: one label {effect} wrong"
            yield Finding("look", "labels", len(rows), words, _named(rows))


def _named(pairs: Table) -> str:
    return some(pairs["image_id"] + " = " + pairs["other_id"])


def some(names: "pd.Series[str]") -> str:
    """Up to five names, each once, and how many more there are."""
    unique = list(dict.fromkeys(names.astype(str)))
    more = f" and {len(unique) - _EXAMPLES:,} more" if len(unique) > _EXAMPLES else ""
    return ", ".join(unique[:_EXAMPLES]) + more
