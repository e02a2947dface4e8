"""The end of an ingestion on one screen: what there is, what was found, and how far shortcuts go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.contracts import SPLITS, Table
from nevus.hooks.grids import grid

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as RichTable

NO_LABEL = "no label"  # as `nevus.corpus.audit.count` says it
_CLASSES = 10  # rows of the counts; the rest is summed up
_FINDINGS = 12  # rows of the findings
_STYLES = {"act": "bold red", "look": "yellow"}


def audit_screen(counts: Table, findings: Table, shortcuts: Table) -> list[RenderableType]:
    """Lay out the audit for a console of 80 columns and about 30 lines.

    Args:
        counts: `aspect`, `value`, `split`, `images`, `groups`.
        findings: `level`, `check`, `number`, `finding`; worst first.
        shortcuts: `probe`, `model`, `metric`, `value`, `low`, `high`, `floor`; may be empty.

    Returns:
        What is printed, from top to bottom.
    """
    from rich.text import Text

    splits = [split for split in (*SPLITS, "left out") if split in set(counts["split"])]
    screen: list[RenderableType] = [grid("Images", ["", *splits, "all"], _count_rows(counts, splits)), ""]
    found = findings[findings["level"] != "fine"]
    if len(found):
        screen += [_finding_table(found), ""]
    fine = ", ".join(findings.loc[findings["level"] == "fine", "check"])
    lines = [f"Looked for and not found: {fine}." if fine else "", _shortcut_line(shortcuts)]
    return [*screen, *(Text(line) for line in lines if line)]


def audit_line(findings: Table) -> str:
    """Say how many findings there are to act on and to judge."""
    act, look = (int((findings["level"] == level).sum()) for level in ("act", "look"))
    return f"Audit, {act} to act on and {look} to look at"


def _count_rows(counts: Table, splits: list[str]) -> list[list[str]]:
    classes = counts[counts["aspect"] == "class"]
    names = [name for name in dict.fromkeys(classes["value"]) if name != NO_LABEL]
    rows = [_row(str(name), classes[classes["value"] == name], splits, "images") for name in names[:_CLASSES]]
    if len(names) > _CLASSES:
        rest = classes[classes["value"].isin(names[_CLASSES:])]
        rows.append(_row(f"{len(names) - _CLASSES} other classes", rest, splits, "images"))
    if (hidden := classes["value"] == NO_LABEL).any():
        rows.append(_row(NO_LABEL, classes[hidden], splits, "images"))
    everything = counts[counts["aspect"] == "all"]
    rows.append(_row("all images", everything, splits, "images"))
    unknown = counts.loc[(counts["aspect"] == "missing") & (counts["value"] == "group_id"), "images"].sum()
    if unknown == everything["images"].sum():
        return rows
    # a lesion in two splits would count twice, so their sum says nothing
    return [*rows, [*_row("lesions or patients", everything, splits, "groups")[:-1], ""]]


def _row(name: str, counts: Table, splits: list[str], column: str) -> list[str]:
    numbers = counts.groupby("split")[column].sum()
    cells = [int(numbers.get(split, 0)) for split in splits]
    return [name, *(f"{cell:,}" if cell else "-" for cell in cells), f"{sum(cells):,}"]


def _finding_table(found: Table) -> RichTable:
    records = found.head(_FINDINGS).to_dict("records")
    shown = [[str(r["level"]), f"{r['number']:,}", str(r["finding"])] for r in records]
    styles = [_STYLES.get(level, "") for level, *_ in shown]
    if len(found) > _FINDINGS:
        shown.append(["", "", f"and {len(found) - _FINDINGS} more on the page of the audit"])
    table = grid("Findings", ["", "", ""], shown, justify="left")
    table.show_header = False
    table.columns[1].justify = "right"
    for column in table.columns:
        column.vertical = "top"
    for row, style in zip(table.rows, styles, strict=False):
        row.style = style
    return table


def _shortcut_line(shortcuts: Table) -> str:
    linear = shortcuts[(shortcuts["metric"] == "balanced_accuracy") & (shortcuts["model"] == "linear")]
    if not len(linear):
        return ""
    scores = ", ".join(f"{str(r['probe']).replace('_', ' ')} {r['value']:.2f}" for r in linear.to_dict("records"))
    return f"Shortcut probes, balanced accuracy (guessing {linear['floor'].iloc[0]:.2f}): {scores}."
