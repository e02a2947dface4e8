import json

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import CorpusError
from nevus.training.late_fusion import alone, fit_metadata, fuse

CLASSES = ("benign", "melanoma")


def rows(**columns) -> pd.DataFrame:
    """Manifest rows, each image a lesion of its own unless said."""
    count = len(next(iter(columns.values())))
    default = {"image_id": [f"i{number}" for number in range(count)], "group_id": pd.array([None] * count, dtype="str")}
    return pd.DataFrame({**default, "age": np.nan, "sex": None, "site": None, **columns})


def logit(probabilities: np.ndarray) -> np.ndarray:
    return np.log(probabilities[:, 1] / probabilities[:, 0])


def test_the_evidence_of_age_is_that_of_two_normal_distributions_of_one_spread():
    learnt = fit_metadata(rows(label=[0, 0, 1, 1], age=[30.0, 50.0, 60.0, 80.0]), CLASSES, ["age"])
    assert learnt == {"age": {"means": [40.0, 70.0], "spread": 10.0}}

    found = fuse(np.array([[0.5, 0.5], [0.8, 0.2]]), learnt, rows(age=[70.0, 55.0]))

    assert logit(found) == pytest.approx([30**2 / (2 * 10**2), np.log(0.2 / 0.8)], rel=1e-5)


def test_the_evidence_of_a_value_is_the_ratio_of_its_smoothed_shares():
    learnt = fit_metadata(rows(label=[0, 0, 0, 1], sex=["male", "female", "female", "male"]), CLASSES, ["sex"])

    found = alone(learnt, rows(sex=["male", "FEMALE ", "unseen"]), 2)

    male, female = np.log((2 / 3) / (2 / 5)), np.log((1 / 3) / (3 / 5))
    assert logit(found) == pytest.approx([male, female, 0], abs=1e-6)


def test_what_is_unknown_counts_for_nothing_even_where_it_goes_with_a_class():
    labels = [0, 0, 0, 0, 1, 1, 1, 1]
    table = rows(label=labels, age=[40.0, 50.0, 60.0, 70.0, 55.0, *[np.nan] * 3], sex=["male"] * 5 + [None] * 3)
    learnt = fit_metadata(table, CLASSES, ["age", "sex"])
    probabilities = np.array([[0.3, 0.7], [0.9, 0.1]])

    found = fuse(probabilities, learnt, rows(age=[np.nan, np.nan], sex=[None, None]))

    np.testing.assert_allclose(found, probabilities, rtol=1e-6)


def test_images_of_one_lesion_weigh_as_one():
    one = rows(label=[0, 0, 1], age=[30.0, 50.0, 70.0], site=["back", "face", "back"])
    first = one.assign(group_id=["a", "b", "c"])
    twice = pd.concat([first, first.iloc[[0]].assign(image_id="again")], ignore_index=True)

    once, copied = (fit_metadata(table, CLASSES, ["age", "site"]) for table in (first, twice))

    assert copied["age"]["means"] == pytest.approx(once["age"]["means"])
    assert copied["site"]["values"]["back"] == pytest.approx(once["site"]["values"]["back"])


def test_columns_add_their_evidence_over_any_number_of_classes_and_survive_json():
    table = rows(label=[0, 1, 2, 0, 1, 2], sex=list("mmffmf"), site=list("aabbab"))
    learnt = json.loads(json.dumps(fit_metadata(table, ("x", "y", "z"), ["sex", "site"])))
    some, prior = rows(sex=["m", "f"], site=["b", "a"]), np.array([[0.2, 0.3, 0.5], [0.0, 0.5, 0.5]])

    found = fuse(prior, learnt, some)

    parts = [alone({name: learnt[name]}, some, 3).astype(float) for name in learnt]
    wanted = prior * parts[0] * parts[1]
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-5)
    assert found[1, 0] == 0  # what the image excludes stays excluded


def test_no_images_have_no_probabilities():
    learnt = fit_metadata(rows(label=[0, 1], age=[30.0, 50.0], sex=["m", "f"]), CLASSES, ["age", "sex"])
    assert fuse(np.zeros((0, 2)), learnt, rows(age=[1.0], sex=["m"]).iloc[:0]).shape == (0, 2)


def test_a_column_unknown_for_a_class_is_refused_with_what_is_known():
    table = rows(label=[0, 0, 1, 1], age=[30.0, 50.0, np.nan, np.nan], sex=["m", "f", "m", None])
    with pytest.raises(CorpusError) as caught:
        fit_metadata(table, CLASSES, ["age", "sex"])
    assert "needs the age of labelled images of every class, but none of melanoma has one" in str(caught.value)
    assert "age of 50%, sex of 75%" in str(caught.value)
    assert "metadata.columns" in str(caught.value)
