"""Parts of a test set: who is in which, and what can be said of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from nevus.contracts import CLASSES, SUBGROUP_COLUMNS
from nevus.metrics.intervals import estimate, resample
from nevus.metrics.predictions import scored_rows
from nevus.metrics.subgroups import OTHERS, SHOWN, UNKNOWN, memberships, subgroup_scores
from tests.pipelines.test_reporting import predictions

HOW = {"few": 10, "replicates": 200, "confidence": 0.95, "seed": 0, "threshold": 0.5}
ROWS = scored_rows(predictions(2.0, 1, count=400), "it")


def manifest(**columns):
    nothing = {"age": np.nan, "sex": None, "site": None, "source": "here"}
    return pd.DataFrame({**nothing, **columns}, index=range(len(next(iter(columns.values())))))


def members(*names):
    return pd.Series(names, dtype=pd.CategoricalDtype(list(dict.fromkeys(names)), ordered=True))


def halves(first="female", second="male"):
    return {"sex": members(*[first] * 200, *[second] * 200)}


def test_ages_are_cut_into_bands_in_their_order_and_bands_without_an_image_stay():
    rows = manifest(age=[0, 29, 30, 44.9, 75, 120, np.nan])
    found = memberships(rows, age_bands=[30, 45, 60, 75], most=20)
    assert list(found) == ["age"]
    bands = ["under 30", "30 to 44", "45 to 59", "60 to 74", "75 and over", UNKNOWN]
    assert list(found["age"].cat.categories) == bands
    assert list(found["age"]) == [bands[number] for number in (0, 0, 1, 1, 4, 4, 5)]


def test_what_is_the_same_for_all_or_not_known_of_anybody_parts_nothing():
    assert memberships(manifest(sex=[None, None]), age_bands=[50], most=20) == {}
    assert memberships(manifest(sex=["male", "male"]), age_bands=[50], most=20) == {}
    half = memberships(manifest(sex=["male", None]), age_bands=[50], most=20)
    assert list(half["sex"].cat.categories) == ["male", UNKNOWN]


def test_values_beyond_the_most_frequent_are_others():
    rows = manifest(site=["d"] * 4 + ["c"] * 3 + ["a", "b", None])
    found = memberships(rows, age_bands=[50], most=3)["site"]
    assert found.value_counts(sort=False).to_dict() == {"c": 3, "d": 4, OTHERS: 2, UNKNOWN: 1}


def test_a_group_has_the_scores_of_its_own_images_with_intervals_over_its_own_lesions():
    found = subgroup_scores(ROWS, halves(), CLASSES, **HOW)
    assert list(found.columns) == list(SUBGROUP_COLUMNS)
    own = ROWS.iloc[:200]
    table = found[found["group"] == "female"].set_index("metric")
    assert table.loc["auc", "value"] == pytest.approx(roc_auc_score(own["label"], own["probability"]))
    decided = own["probability"] > 0.5
    assert table.loc["sensitivity", "value"] == pytest.approx(recall_score(own["label"], decided))
    assert (table["images"] == 200).all()
    assert (table["lesions"] == "50 benign, 50 melanoma").all()
    labels, probabilities = own["label"].to_numpy(), own["probability"].to_numpy()
    weights = resample(labels, own["group_id"].astype("object").to_numpy(), replicates=200, seed=0)
    wanted = estimate(labels, probabilities, weights, threshold=0.5, bins=10)
    for name in SHOWN:
        assert table.loc[name, "value"] == pytest.approx(wanted[name].value)
        assert tuple(table.loc[name, ["low", "high"]]) == pytest.approx(wanted[name].interval(0.95))
    assert (found["note"] == "").all()


def test_tied_probabilities_count_half_as_in_all_other_scores():
    coarse = ROWS.assign(probability=ROWS["probability"].round(1))
    found = subgroup_scores(coarse, halves(), CLASSES, **HOW).set_index(["group", "metric"])["value"]
    male = coarse.iloc[200:]
    assert found[("male", "auc")] == pytest.approx(roc_auc_score(male["label"], male["probability"]))


def test_a_group_of_one_class_or_of_nobody_has_a_reason_in_place_of_numbers():
    sex = halves()["sex"].astype(str)
    sex[ROWS["label"].eq(1) & sex.eq("male")] = "female"
    groups = {"sex": sex.astype(pd.CategoricalDtype(["female", "male", "nobody"], ordered=True))}
    found = subgroup_scores(ROWS, groups, CLASSES, **HOW)
    notes = found.drop_duplicates("group").set_index("group")["note"].to_dict()
    assert notes == {"female": "", "male": "no image of melanoma", "nobody": "no test image"}
    empty = found[found["group"] != "female"]
    assert empty[["value", "low", "high"]].isna().all(axis=None)
    assert found.loc[found["group"] == "nobody", "images"].eq(0).all()


def test_a_group_of_few_lesions_is_too_small_however_many_images_it_has():
    rows = ROWS.assign(group_id=ROWS["group_id"].where(ROWS.index < 200, "lesion " + ROWS["label"].astype(str)))
    found = subgroup_scores(rows, halves(), CLASSES, **HOW)
    notes = found.drop_duplicates("group").set_index("group")["note"].to_dict()
    assert notes == {"female": "", "male": "too few to say: 1 of benign, 1 of melanoma"}
    assert found["value"].notna().all()


def test_of_many_classes_each_must_be_there():
    labels = np.tile([0, 1, 2], 60)
    given = np.eye(3)[labels] * 0.4 + 0.2
    rows = pd.DataFrame({"image_id": [f"i{n}" for n in range(180)], "group_id": None, "label": labels})
    rows[[f"probability_{number}" for number in range(3)]] = given
    site = members(*["arm"] * 90, *np.where(labels[90:] == 2, "arm", "leg"))
    found = subgroup_scores(rows, {"site": site}, ("a", "b", "c"), **HOW)
    assert set(found["metric"]) == {"auc", "balanced_accuracy", "brier"}
    assert set(found.loc[found["group"] == "leg", "note"]) == {"no image of c"}
    assert found.set_index(["group", "metric"]).loc[("arm", "auc"), "value"] == 1.0
