import pandas as pd
import pytest

from nevus.contracts import ASSIGNMENT_COLUMNS, DUPLICATE_COLUMNS
from nevus.corpus.audit import LEFT_OUT, count, crossings, kind_of, pairs, placed
from nevus.corpus.schema import conform


def manifest(**columns):
    number = len(columns["image_id"])
    shown = {"source": "fake", "width": 8, "height": 8, "sha256": "0" * 64, "phash": "0" * 16, "row": range(number)}
    return conform(pd.DataFrame(shown | columns, index=range(number)))


def assignment(*rows):
    """Rows of id, split, label and perhaps a reason."""
    table = pd.DataFrame([(*row, None)[:4] for row in rows], columns=["image_id", "split", "label", "reason"])
    return table[list(ASSIGNMENT_COLUMNS)]


@pytest.fixture
def lesions():
    """Six images of three lesions and one of unknown origin; `b` was moved, `f` left out."""
    return manifest(
        image_id=list("abcdefg"),
        split=["labeled", "labeled", "unlabeled", "test", "test", "unlabeled", "unlabeled"],
        label=[0, 1, None, 0, 1, None, None],
        group_id=["one", "two", "two", "one", "three", "three", None],
        age=[50, None, None, 40, 30, 20, None],
        width=[8, 8, 8, 8, 16, 8, 8],
    )


@pytest.fixture
def places():
    return assignment(
        ("a", "labeled", 0),
        ("b", "unlabeled", None, "label hidden by the budget: 1 of each class"),
        ("c", "unlabeled", None),
        ("d", "test", 0),
        ("e", "test", 1),
        ("f", None, None, "same bytes as a held-out image: e"),
        ("g", "unlabeled", None),
    )


def test_images_are_counted_where_they_are_used_with_the_labels_that_are_not_hidden(lesions, places):
    counts = count(placed(lesions, places), ("benign", "melanoma")).set_index(["aspect", "value", "split"])["images"]
    assert counts["class"].to_dict() == {
        ("benign", "labeled"): 1,
        ("benign", "test"): 1,
        ("melanoma", "test"): 1,
        ("no label", "unlabeled"): 3,
        ("no label", LEFT_OUT): 1,
    }
    assert counts["all"].sum() == 7
    assert counts["size"].to_dict()[("16 x 8", "test")] == 1
    assert counts["left out"].to_dict() == {("same bytes as a held-out image", LEFT_OUT): 1}
    assert counts["missing"].xs("group_id").to_dict() == {"unlabeled": 1}
    assert counts["missing"].xs("age").to_dict() == {"unlabeled": 3}
    assert counts["missing"].xs("sex").sum() == 7


def test_groups_are_counted_once_and_an_unknown_one_counts_for_itself(lesions, places):
    counts = count(placed(lesions, places), ("benign", "melanoma"))
    groups = counts[counts["aspect"] == "all"].set_index("split")["groups"]
    assert groups.to_dict() == {"labeled": 1, "unlabeled": 2, "test": 2, LEFT_OUT: 1}


def test_many_sizes_are_counted_in_ranges(lesions, places):
    many = lesions.assign(width=range(100, 800, 100), height=3000)
    more = pd.concat([many, many.assign(image_id=many["image_id"] + "2", width=many["width"] + 1)])
    more_places = pd.concat([places, places.assign(image_id=places["image_id"] + "2")])
    counts = count(placed(more, more_places), ("benign", "melanoma"))
    sizes = counts[counts["aspect"] == "size"].groupby("value")["images"].sum()
    assert sizes.to_dict() == {
        "shorter side 64 to 127": 2,
        "shorter side 128 to 255": 2,
        "shorter side 256 to 511": 6,
        "shorter side 512 to 1023": 4,
    }


def test_a_group_crosses_only_where_its_used_images_are_in_several_splits(lesions, places):
    found = crossings(placed(lesions, places))
    final = found[found["stage"] == "final"]
    assert final[["group_id", "splits", "images", "held_out"]].to_numpy().tolist() == [
        ["one", "labeled, test", 2, True]
    ]
    source = found[found["stage"] == "source"].set_index("group_id")["splits"].to_dict()
    assert source == {"one": "labeled, test", "two": "labeled, unlabeled", "three": "unlabeled, test"}


def test_pairs_that_touch_a_held_out_split_come_first_and_a_left_out_image_crosses_nothing(lesions, places):
    rows = [
        ("b", "c", "near", 0.99, 0),
        ("e", "f", "exact", 1.0, 0),
        ("a", "g", "near", 0.95, 3),
        ("g", "d", "near", 0.90, 0),
    ]
    found = pairs(pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS)), placed(lesions, places))
    assert (found["image_id"] + found["other_id"]).tolist() == ["gd", "ag", "ef", "bc"]
    assert found["crosses"].tolist() == [True, True, False, False]
    assert found["held_out"].tolist() == [True, False, False, False]


def test_an_image_left_out_keeps_the_label_of_its_source_and_a_hidden_label_stays_hidden(lesions, places):
    gone = places.assign(
        split=places["split"].mask(places["image_id"] == "a", None),
        label=places["label"].mask(places["image_id"] == "a", None),
    )
    rows = [("a", "e", "exact", 1.0, 0), ("b", "d", "near", 0.9, 0)]  # the label of b is hidden
    found = pairs(pd.DataFrame(rows, columns=list(DUPLICATE_COLUMNS)), placed(lesions, gone)).set_index("image_id")
    assert found.loc["a", ["split", "label", "other_label"]].tolist() == [LEFT_OUT, 0, 1]
    assert pd.isna(found.loc["b", "label"])


def test_no_duplicates_are_no_pairs_and_no_reasons_have_no_kind(lesions, places):
    assert pairs(pd.DataFrame(columns=list(DUPLICATE_COLUMNS)), placed(lesions, places)).empty
    assert kind_of(pd.Series([], dtype=object)).empty
    assert kind_of(pd.Series(["bad name: a:b", None])).tolist() == ["bad name", "no reason given"]
