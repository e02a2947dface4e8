import pandas as pd
import pytest

from nevus.contracts import QUARANTINE_COLUMNS, WARNING_COLUMNS, no_warnings
from nevus.corpus.audit import COUNT_COLUMNS, CROSSING_COLUMNS, PAIR_COLUMNS
from nevus.corpus.findings import LEVELS, findings
from nevus.corpus.masks import MASK_COLUMNS
from nevus.corpus.outliers import OUTLIER_COLUMNS
from nevus.quarantine import COMPANION, EQUAL_COPY

SHORTCUTS = ["probe", "model", "metric", "value", "low", "high", "floor", "images"]


@pytest.fixture
def clean():
    """Tables of a corpus without fault."""
    counts = [("all", "all", "labeled", 20, 20), ("all", "all", "test", 10, 10)]
    counts += [("class", name, split, 5, 5) for name in ("benign", "melanoma") for split in ("labeled", "test")]
    return {
        "counts": pd.DataFrame(counts, columns=list(COUNT_COLUMNS)),
        "quarantine": pd.DataFrame(columns=list(QUARANTINE_COLUMNS)),
        "warnings": no_warnings(),
        "pairs": pd.DataFrame(columns=list(PAIR_COLUMNS)).astype({"crosses": bool, "held_out": bool}),
        "crossings": pd.DataFrame(columns=list(CROSSING_COLUMNS)),
        "outliers": pd.DataFrame(columns=list(OUTLIER_COLUMNS)),
        "masks": pd.DataFrame(columns=list(MASK_COLUMNS)),
        "shortcuts": pd.DataFrame(
            [("corners", "linear", "balanced_accuracy", 0.52, 0.45, 0.6, 0.5, 20)], columns=SHORTCUTS
        ),
    }


def pair(kind, split, other_split, label=0, other_label=0):
    crosses = split != other_split and "left out" not in (split, other_split)
    held_out = crosses and bool({"test", "validation"} & {split, other_split})
    return (
        "a" if kind == "near" else "c",
        kind,
        split,
        label,
        "b",
        other_split,
        other_label,
        0.99,
        0,
        crosses,
        held_out,
    )


def pair_table(*rows):
    columns = ["image_id", "kind", "split", "label", "other_id", "other_split", "other_label", "correlation"]
    return pd.DataFrame(rows, columns=[*columns, "transform", "crosses", "held_out"])[list(PAIR_COLUMNS)]


def with_counts(tables, *rows):
    return pd.concat([tables["counts"], pd.DataFrame(rows, columns=list(COUNT_COLUMNS))], ignore_index=True)


def levels(tables, near_sought=True, **changed):
    table = findings(**tables | changed, classes=2, near_sought=near_sought)
    assert table["level"].map(LEVELS.index).is_monotonic_increasing
    return {(row["check"], row["level"]): (row["number"], row["finding"]) for _, row in table.iterrows()}


def test_a_corpus_without_fault_has_only_fine_findings(clean):
    assert {level for _, level in levels(clean)} == {"fine"}


def test_the_same_bytes_in_test_and_training_call_for_action_and_likeness_for_a_look(clean):
    found = levels(clean, pairs=pair_table(pair("exact", "test", "labeled"), pair("near", "unlabeled", "validation")))
    assert found["exact duplicates of held-out images", "act"][0] == 1
    assert found["near duplicates of held-out images", "look"][0] == 1


def test_a_duplicate_that_was_left_out_is_no_finding(clean):
    assert levels(clean, pairs=pair_table(pair("exact", "test", "left out"))) == levels(clean)


def test_near_duplicates_that_were_not_looked_for_are_not_called_not_found(clean):
    found = levels(clean, near_sought=False)
    check = "near duplicates of held-out images"
    assert (check, "fine") not in found
    assert found[check, "note"] == (0, "near-duplicates were not looked for: duplicates.correlation is null")


@pytest.mark.parametrize(("kind", "effect"), [("exact", "is wrong"), ("near", "may be wrong")])
def test_duplicates_with_different_labels_are_named(clean, kind, effect):
    number, words = levels(clean, pairs=pair_table(pair(kind, "labeled", "labeled", 0, 1)))["labels", "look"]
    assert number == 1
    assert words.endswith(f"with different labels: one label {effect}")


def test_the_label_of_a_duplicate_that_was_left_out_still_conflicts(clean):
    assert ("labels", "look") in levels(clean, pairs=pair_table(pair("exact", "test", "left out", 1, 0)))


def test_hidden_labels_do_not_conflict(clean):
    assert ("labels", "look") not in levels(clean, pairs=pair_table(pair("near", "labeled", "unlabeled", 0, None)))


@pytest.mark.parametrize(("held_out", "level"), [(True, "act"), (False, "note")])
def test_a_lesion_across_a_held_out_split_calls_for_action(clean, held_out, level):
    rows = [("final", "lesion", "labeled, x", 3, held_out)]
    assert ("groups across splits", level) in levels(clean, crossings=pd.DataFrame(rows, columns=CROSSING_COLUMNS))


@pytest.mark.parametrize("missing", [{"labeled": 20}, {"test": 10}, {"labeled": 20, "test": 10}])
def test_lesions_cannot_be_checked_where_one_side_knows_none(clean, missing):
    rows = [("missing", "group_id", split, number, number) for split, number in missing.items()]
    found = levels(clean, counts=with_counts(clean, *rows))
    assert not any(check.startswith("groups across splits") and level == "fine" for check, level in found)
    number, words = found["groups across splits", "look"]
    assert number == sum(missing.values())
    assert words.endswith("nobody can check")


def test_lesions_known_in_part_are_checked_in_part_and_it_is_said(clean):
    found = levels(clean, counts=with_counts(clean, ("missing", "group_id", "test", 4, 4)))
    assert ("groups across splits (where known)", "fine") in found
    assert ("groups across splits", "fine") not in found


@pytest.mark.parametrize(
    ("split", "level", "effect"),
    [("labeled", "act", "trained"), ("test", "act", "scored"), ("validation", "look", "")],
)
def test_a_class_without_images_in_a_split_is_said(clean, split, level, effect):
    counts = with_counts(clean, ("class", "benign", "validation", 5, 5), ("class", "melanoma", "validation", 5, 5))
    lacking = counts[~((counts["value"] == "melanoma") & (counts["split"] == split))]
    number, words = levels(clean, counts=lacking)["labels", level]
    assert number == 1
    assert words.startswith(f"of 2 classes have images in {split} (benign)")
    assert effect in words


def test_labels_in_the_test_split_alone_call_for_action(clean):
    counts = clean["counts"]
    only = counts[(counts["aspect"] != "class") | (counts["split"] == "test")]
    found = levels(clean, counts=only)
    assert found["labels", "act"] == (0, "of 2 classes have images in labeled: no classifier can be trained")


@pytest.mark.parametrize(("split", "level"), [("test", "act"), ("validation", "look")])
@pytest.mark.parametrize("also", [True, False])
def test_held_out_images_without_label_are_said(clean, split, level, also):
    """All of the split, or a part of it."""
    named = [("class", name, split, 5, 5) for name in ("benign", "melanoma")] if also else []
    others = clean["counts"][clean["counts"]["split"] != split]
    counts = with_counts({"counts": others}, *named, ("class", "no label", split, 4, 4))
    number, words = levels(clean, counts=counts)["labels", level]
    assert number == 4
    assert words.startswith(f"images in {split} have no label")


def test_data_without_any_label_is_no_mistake_but_has_to_be_judged(clean):
    counts = clean["counts"]
    found = levels(clean, counts=counts[counts["aspect"] != "class"])
    assert found["labels", "look"][0] == 0
    assert ("labels", "act") not in found


def test_quarantined_files_are_counted_by_the_kind_of_reason(clean):
    rows = [("a.jpg", "no image: x"), ("b.jpg", "no image: y")]
    found = levels(clean, quarantine=pd.DataFrame(rows, columns=QUARANTINE_COLUMNS))
    assert found["quarantine", "look"] == (2, "files set aside: no image")


def test_companions_and_equal_copies_are_noted_and_need_no_look(clean):
    rows = [("a_mask.png", COMPANION.of("a mask")), ("b/a.jpg", EQUAL_COPY.of("a.jpg"))]
    found = levels(clean, quarantine=pd.DataFrame(rows, columns=QUARANTINE_COLUMNS))
    assert ("quarantine", "look") not in found
    assert found["quarantine", "note"][0] == 1


def test_details_that_could_not_be_read_are_noted_by_column(clean):
    rows = [(f"{n}.jpg", "age", f"not an age in years: '{n}x'") for n in range(12)]
    rows.append(("0.jpg", "sex", "unknown sex: '?'"))
    table = findings(**clean | {"warnings": pd.DataFrame(rows, columns=WARNING_COLUMNS)}, classes=2, near_sought=True)
    noted = table[table["level"] == "note"]
    assert noted["number"].tolist() == [12, 1]
    assert "readable age" in noted["finding"].iloc[0]
    assert "0.jpg ('0x'), 1.jpg" in noted["examples"].iloc[0]
    assert "readable sex" in noted["finding"].iloc[1]


def test_an_outlier_in_two_measures_is_one_image(clean):
    rows = [("a", "test", m, 0.0, 0.5, -9.0, f"{m}: 1") for m in ("dark image", "blurred")]
    number, words = levels(clean, outliers=pd.DataFrame(rows, columns=OUTLIER_COLUMNS))["outliers", "look"]
    assert number == 1
    assert "blurred (1)" in words


def test_corners_above_guessing_are_a_shortcut_and_colour_is_not(clean):
    rows = [(probe, "linear", "balanced_accuracy", 0.7, 0.6, 0.8, 0.5, 20) for probe in ("corners", "colour")]
    number, words = levels(clean, shortcuts=pd.DataFrame(rows, columns=SHORTCUTS))["shortcuts", "look"]
    assert number == 1
    assert "corners 0.70 [0.60, 0.80]" in words


def test_data_without_a_probe_says_so(clean):
    assert ("shortcuts", "note") in levels(clean, shortcuts=pd.DataFrame(columns=SHORTCUTS))


def test_images_of_unknown_lesion_call_for_a_look_and_other_metadata_for_a_note(clean):
    missing = [("missing", "group_id", "labeled", 4, 4), ("missing", "age", "test", 30, 30)]
    found = levels(clean, counts=with_counts(clean, *missing))
    assert found["metadata", "look"][0] == 4
    assert found["metadata", "note"] == (30, "images lack metadata: age all")


def test_images_that_look_like_masks_call_for_action_and_their_places_are_named(clean):
    rows = [("a", "labeled", "melanoma", "two colours"), ("b", "labeled", "melanoma", "two colours")]
    masks = pd.DataFrame([*rows, ("c", "test", "benign", "two colours")], columns=list(MASK_COLUMNS))
    number, words = levels(clean, masks=masks)["masks", "act"]
    assert number == 3
    assert "2 in labeled (melanoma), 1 in test (benign)" in words
