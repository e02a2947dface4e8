"""Parts of the test set, from predictions and the manifest to the page."""

import io

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from nevus.contracts import SUBGROUP_COLUMNS, Corpus, CorpusError
from nevus.pipelines.reporting import nodes
from nevus.pipelines.reporting.params import SubgroupParams
from nevus.pipelines.reporting.subgroups import ALL, draw_forest, gaps, on_a_page, score_subgroups, too_small
from tests.pipelines.test_reporting import OPTIONS, PLAIN, SEEN, predictions

PARAMS = SubgroupParams(age_bands=(40, 60), few=10, most=20)
TABLE = predictions(2.0, 1)


def corpus(table=TABLE, **columns):
    own = {"image_id": table["image_id"], "age": 50.0, "sex": None, "site": None, "source": "here", **columns}
    manifest = pd.DataFrame(own).sample(frac=1, random_state=0)  # in whatever order
    return Corpus(manifest, np.empty((0, 8, 8, 3), np.uint8), "fake")


SEXES = np.where(np.arange(200) < 120, "female", "male")


@pytest.fixture(scope="module")
def metrics():
    return nodes.evaluate(OPTIONS, PLAIN, TABLE, SEEN, TABLE.assign(probability=0.5), predictions(0.6, 3))[0]


@pytest.fixture(scope="module")
def scored(metrics):
    return score_subgroups(OPTIONS, PLAIN, TABLE, PARAMS, corpus(sex=SEXES), metrics)


def test_the_whole_comes_first_with_the_numbers_of_the_report(scored, metrics):
    assert list(scored.columns) == list(SUBGROUP_COLUMNS)
    assert list(dict.fromkeys(scored["group"])) == [ALL, "female", "male"]
    whole = scored[scored["group"] == ALL].set_index("metric")["value"]
    own = metrics[metrics["method"] == "supervised"].set_index("metric")["value"]
    assert (whole == own[whole.index]).all()
    assert scored.drop_duplicates("group").set_index("group")["images"].to_dict() == {
        ALL: 200,
        "female": 120,
        "male": 80,
    }


def test_a_run_is_scored_at_its_own_threshold(metrics):
    chosen = PLAIN._replace(spec={**PLAIN.spec, "threshold": 0.0})
    found = score_subgroups(OPTIONS, chosen, TABLE, PARAMS, corpus(sex=SEXES), metrics).set_index(["group", "metric"])
    assert found.loc[("male", "sensitivity"), "value"] == 1.0
    assert found.loc[("male", "specificity"), "value"] == 0.0


def test_images_that_the_test_split_has_not_are_refused(metrics):
    other = corpus(TABLE.iloc[:150])
    with pytest.raises(CorpusError, match="50 images that are not among the 150 test images"):
        score_subgroups(OPTIONS, PLAIN, TABLE, PARAMS, other, metrics)


def test_without_any_metadata_there_is_the_whole_alone(metrics):
    found = score_subgroups(OPTIONS, PLAIN, TABLE, PARAMS, corpus(), metrics)
    assert set(found["group"]) == {ALL}
    assert len(on_a_page(found, "")["rows"]) == 1
    draw_forest(OPTIONS, found).savefig(io.BytesIO(), dpi=30)


def test_small_and_empty_groups_are_named_with_the_reason(metrics):
    ages = np.where(np.arange(200) < 190, 50.0, 30.0)
    found = score_subgroups(OPTIONS, PLAIN, TABLE, PARAMS, corpus(age=ages), metrics)
    (sentence,) = too_small(found)
    assert sentence == ("Too small to say anything of: age under 40, age 60 and over. The last column says why.")
    notes = found.drop_duplicates("group").set_index("group")["note"]
    assert notes["under 40"] == "too few to say: 2 of benign, 3 of melanoma"
    assert gaps(found) == []  # one group is left
    rows = {row["group"]: row for row in on_a_page(found, "")["rows"]}
    assert rows["60 and over"]["cells"] == [("", "")] * 5
    assert draw_forest(OPTIONS, found).axes[-1].texts[-1].get_text() == "no test image"


def test_the_gap_is_that_between_the_best_and_the_worst_group():
    rows = [("sex", "a", 0.7, 0.6, 0.75, ""), ("sex", "b", 0.9, 0.8, 1.0, ""), ("sex", "c", 0.2, 0.1, 0.3, "too few")]
    table = pd.DataFrame(rows, columns=["attribute", "group", "value", "low", "high", "note"]).assign(metric="auc")
    (said,) = gaps(table)
    assert said == "Sex: the AUC is lowest for a (0.70) and highest for b (0.90); their intervals do not overlap."


@pytest.mark.parametrize("bands", [[], [50, 50], [60, 30], [0, 30]])
def test_bands_that_do_not_rise_are_refused(bands):
    with pytest.raises(ValidationError):
        SubgroupParams(age_bands=bands, few=10, most=20)
