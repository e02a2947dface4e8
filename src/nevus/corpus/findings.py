"""What a person should know before training, one line each, worst first."""

from collections.abc import Iterator

import pandas as pd

from nevus.contracts import Table
from nevus.corpus.audit import LEFT_OUT, METADATA, NO_LABEL, kind_of
from nevus.corpus.leaks import Finding, conflict_findings, group_findings, pair_findings, some
from nevus.quarantine import is_loss

# act: scores would be wrong, or no classifier can be trained or scored; look: somebody has to judge; note: to be known;
# fine: looked for and not found.
LEVELS = ("act", "look", "note", "fine")
FINDING_COLUMNS = ("level", "check", "number", "finding", "examples")

BESIDE_THE_LESION = ("corners", "border")  # probes that see no lesion, or little of it


def findings(
    counts: Table,
    quarantine: Table,
    warnings: Table,
    pairs: Table,
    crossings: Table,
    outliers: Table,
    masks: Table,
    shortcuts: Table,
    *,
    classes: int,
    near_sought: bool,
) -> Table:
    """Judge the tables of the audit.

    Args:
        counts: From `audit.count`.
        quarantine: Columns as in `QUARANTINE_COLUMNS`.
        warnings: Columns as in `WARNING_COLUMNS`.
        pairs: From `audit.pairs`.
        crossings: From `audit.crossings`.
        outliers: `image_id`, `split`, `reason` and more, as from `outliers.find_outliers`.
        masks: `image_id`, `split`, `class`, as from `masks.find_masks`.
        shortcuts: `probe`, `model`, `metric`, `value`, `low`, `high`, `floor`; empty where no probe was possible.
        classes: Number of classes.
        near_sought: Whether near-duplicates were looked for.

    Returns:
        `FINDING_COLUMNS`, by `LEVELS`.
    """
    groups = list(group_findings(crossings, counts))
    found = [
        *pair_findings(pairs, near_sought),
        *groups,
        *conflict_findings(pairs),
        *_labels(counts, classes),
        *_masks(masks),
        *_files(quarantine, counts),
        *_details(warnings),
        *_outliers(outliers),
        *_shortcuts(shortcuts),
        *_missing(counts, groups_said=any(one.level == "look" for one in groups)),
    ]
    table = pd.DataFrame(found, columns=list(FINDING_COLUMNS))
    return table.sort_values("level", key=lambda levels: levels.map(LEVELS.index), kind="stable", ignore_index=True)


def _labels(counts: Table, classes: int) -> Iterator[Finding]:
    used = counts[(counts["aspect"] == "class") & (counts["split"] != LEFT_OUT)]
    named, nameless = used[used["value"] != NO_LABEL], used[used["value"] == NO_LABEL]
    if not len(named):
        yield Finding("look", "labels", 0, "images have a label: nothing to train a classifier on")
        return
    for split, serious, effect in (
        ("labeled", "act", ": no classifier can be trained"),
        ("validation", "look", ""),
        ("test", "act", ": no classifier can be scored"),
    ):
        here, without = named[named["split"] == split], nameless[nameless["split"] == split]
        if len(here) < classes and (len(here) or split == "labeled"):
            names = f" ({', '.join(here['value'])})" if len(here) else ""
            yield Finding(serious, "labels", len(here), f"of {classes} classes have images in {split}{names}{effect}")
        if len(without):
            words = f"images in {split} have no label{effect}"
            yield Finding(serious, "labels", int(without["images"].sum()), words)


def _files(quarantine: Table, counts: Table) -> Iterator[Finding]:
    for kind, rows in quarantine.groupby(kind_of(quarantine["reason"]), sort=False):
        level = "look" if is_loss(str(kind)) else "note"  # a mask or an equal copy is no image less
        yield Finding(level, "quarantine", len(rows), f"files set aside: {kind}", some(rows["file"]))
    if not len(quarantine):
        yield Finding("fine", "quarantine", 0, "no file set aside")
    out = counts[counts["aspect"] == LEFT_OUT]
    for _, row in out.iterrows():
        yield Finding("note", "left out", int(row["images"]), f"images in no split: {row['value']}")


def _details(warnings: Table) -> Iterator[Finding]:
    for (column, kind), rows in warnings.groupby(["column", kind_of(warnings["reason"])], sort=False):
        words = f"images lack a readable {column}, which is taken as unknown: {kind}"
        values = rows["reason"].str.partition(": ")[2]
        yield Finding("note", "details", rows["file"].nunique(), words, some(rows["file"] + " (" + values + ")"))


def _masks(masks: Table) -> Iterator[Finding]:
    if not len(masks):
        yield Finding("fine", "masks", 0, "no image looks like a mask of a lesion")
        return
    places = masks.groupby(["split", "class"], sort=False).size().reset_index(name="images")
    where = ", ".join(f"{number:,} in {split} ({label})" for split, label, number in places.itertuples(index=False))
    words = f"images look like masks, which would count as patients: {where}. Take them out of the source"
    yield Finding("act", "masks", len(masks), words, some(masks["image_id"]))


def _outliers(outliers: Table) -> Iterator[Finding]:
    outliers = outliers[outliers["split"] != LEFT_OUT]
    if not len(outliers):
        yield Finding("fine", "outliers", 0, "no image far from the usual brightness, colour or sharpness")
        return
    kinds = outliers.groupby(kind_of(outliers["reason"]))["image_id"].nunique().sort_values(ascending=False)
    words = ", ".join(f"{kind} ({number})" for kind, number in kinds.items())
    names = outliers["image_id"]
    yield Finding("look", "outliers", names.nunique(), f"images far from the usual: {words}", some(names))


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


def _missing(counts: Table, *, groups_said: bool) -> Iterator[Finding]:
    total = int(counts.loc[counts["aspect"] == "all", "images"].sum())
    missing = counts[counts["aspect"] == "missing"].groupby("value")["images"].sum()
    without = int(missing.get("group_id", 0))
    if without and not groups_said:
        words = "images of unknown lesion and patient: siblings may sit on both sides of a split, and nobody can check"
        yield Finding("look", "metadata", without, words)
    partly = {name: int(missing[name]) for name in METADATA[1:] if name in missing}
    if partly:
        shares = ", ".join(f"{name} {_share(number, total)}" for name, number in partly.items())
        yield Finding("note", "metadata", max(partly.values()), f"images lack metadata: {shares}")
    if not without and not partly:
        yield Finding("fine", "metadata", 0, "nothing is missing")


def _share(number: int, total: int) -> str:
    return "all" if number == total else "under 1%" if number < 0.01 * total else f"{min(number / total, 0.99):.0%}"
