import io

import pandas as pd
from rich.console import Console

from nevus.hooks.audit_screen import audit_line, audit_screen


def lines_of(counts: pd.DataFrame, findings: pd.DataFrame, shortcuts: pd.DataFrame, width: int = 80) -> list[str]:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(*audit_screen(counts, findings, shortcuts), sep="\n")
    return [line.rstrip() for line in console.export_text().splitlines()]


def test_counts_findings_and_probes_are_on_one_screen(audit) -> None:
    lines = lines_of(*audit.values())

    assert max(map(len, lines)) <= 80
    assert [line.split() for line in lines if "benign" in line] == [["benign", "1,100", "-", "1,100"]]
    assert [line.split() for line in lines if "lesions" in line] == [["lesions", "or", "patients", "900", "30"]]
    assert any(line.split() == ["act", "3", "pairs", "of", "twins"] for line in lines)
    assert any("images far from the usual [x]" in line for line in lines)
    assert "Looked for and not found: quarantine." in lines
    assert "Shortcut probes, balanced accuracy (guessing 0.50): corners 0.72." in lines


def test_however_much_was_found_it_stays_one_screen(audit) -> None:
    counts, findings, shortcuts = audit.values()
    many = pd.concat([findings.iloc[1:2]] * 40)
    classes = [("class", f"class {number}", "labeled", 5, 5) for number in range(30)]

    lines = lines_of(pd.concat([counts, pd.DataFrame(classes, columns=counts.columns)]), many, shortcuts)

    assert len(lines) <= 40
    assert any("and 28 more" in line for line in lines)
    assert any(line.split() == ["22", "other", "classes", "110", "-", "110"] for line in lines)


def test_images_without_a_label_are_no_further_class_and_come_last(audit) -> None:
    counts, findings, shortcuts = audit.values()
    classes = [("class", f"class {number}", "labeled", 5, 5) for number in range(8)]
    hidden = [("class", "no label", "labeled", 70, 70)]
    known = counts[counts["aspect"] == "class"]["value"].nunique()
    assert known + len(classes) == 10

    lines = lines_of(pd.concat([pd.DataFrame(hidden + classes, columns=counts.columns), counts]), findings, shortcuts)

    (place,) = [number for number, line in enumerate(lines) if line.split()[:2] == ["no", "label"]]
    assert lines[place].split()[-1] == "70"
    assert lines[place + 1].split()[:2] == ["all", "images"]
    assert not any("other classes" in line for line in lines)


def test_data_without_fault_and_without_probe_says_so(audit) -> None:
    counts, findings, shortcuts = audit.values()

    lines = lines_of(counts, findings[findings["level"] == "fine"], shortcuts.iloc[:0])

    assert "Looked for and not found: quarantine." in lines
    assert not any("Findings" in line or "probes" in line for line in lines)


def test_lesions_are_not_counted_where_none_is_known(audit) -> None:
    counts, findings, shortcuts = audit.values()
    missing = [("missing", "group_id", "labeled", 1200, 1200), ("missing", "group_id", "test", 30, 30)]

    lines = lines_of(pd.concat([counts, pd.DataFrame(missing, columns=counts.columns)]), findings, shortcuts)

    assert not any("lesions or patients" in line for line in lines)


def test_the_line_counts_what_needs_somebody(audit) -> None:
    assert audit_line(audit["audit.findings"]) == "Audit, 1 to act on and 1 to look at"
