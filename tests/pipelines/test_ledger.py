"""What counts as scoring a test split once more."""

import pandas as pd
import pytest

from nevus.contracts import LEDGER_COLUMNS
from nevus.metrics.predictions import scored_rows
from nevus.pipelines.reporting.ledger import SHOWN, count_in_words, entry_of, on_a_page, scorings
from nevus.pipelines.reporting.ledger import test_of as split_of
from nevus.pipelines.reporting.runs import folder_name
from tests.pipelines.test_reporting import predictions

ROWS = scored_rows(predictions(1.0, 1), "it")


def ledger(*entries):
    """As the dataset makes it: one day after the other."""
    days = [entry.assign(scored_at=f"2026-01-{day:02}T10:00:00+00:00") for day, entry in enumerate(entries, 1)]
    return pd.concat(days, ignore_index=True)[list(LEDGER_COLUMNS)]


def test_a_split_is_its_images_and_labels_whatever_their_order_and_the_model():
    assert split_of(ROWS) == split_of(ROWS.iloc[::-1].assign(probability=0.5, seed=9))
    assert split_of(ROWS) != split_of(ROWS.iloc[1:])
    assert split_of(ROWS) != split_of(ROWS.assign(label=1 - ROWS["label"]))


def test_the_same_predictions_count_once_and_others_of_the_same_run_again():
    again, others = entry_of({"a/seed0": ROWS}, "c"), entry_of({"a/seed0": ROWS.assign(probability=0.25)}, "d")
    both = entry_of({"a/seed0": ROWS.iloc[::-1], "b/seed0": ROWS}, "c")
    runs = scorings(ledger(again, again, others, both), ROWS)
    assert runs == [
        {"run": "b/seed0", "times": 1, "first": "2026-01-04", "last": "2026-01-04"},
        {"run": "a/seed0", "times": 2, "first": "2026-01-01", "last": "2026-01-03"},
    ]
    assert count_in_words(runs) == "This test split has been scored 3 times, by 2 runs."
    assert count_in_words(scorings(ledger(again), ROWS)) == "This test split has been scored once, by 1 run."


def test_another_split_of_the_same_data_set_is_counted_for_itself():
    found = ledger(entry_of({"a/seed0": ROWS}, "c"))
    assert scorings(found, ROWS.iloc[:100]) == []
    assert "is not known" in count_in_words([])


def test_a_page_lists_the_runs_scored_last_and_counts_all():
    many = [entry_of({f"a/seed{number}": ROWS}, "c") for number in range(SHOWN + 2)]
    shown = on_a_page(ledger(*many), ROWS)
    assert shown["count"] == "This test split has been scored 12 times, by 12 runs."
    assert [one["run"] for one in shown["runs"]][:2] == ["a/seed11", "a/seed10"]
    assert (len(shown["runs"]), shown["more"]) == (SHOWN, 2)


@pytest.mark.parametrize(
    ("record", "part", "name"),
    [
        ({"method": "ssgan", "variant": "", "seed": 3}, "", "ssgan/seed3"),
        ({"method": "ssgan", "variant": "wide-2", "seed": 0}, "baseline", "ssgan.baseline-wide-2/seed0"),
    ],
)
def test_runs_are_named_as_their_folders(record, part, name):
    assert folder_name(record, part) == name
