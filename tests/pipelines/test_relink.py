import logging

import pandas as pd
import pytest
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project

from nevus.contracts import CorpusError
from nevus.pipelines.relink.nodes import drop_siblings
from nevus.pipelines.relink.params import RelinkParams

OPTIONS = RelinkParams(correlation=0.8, margin=0.1, max_unknown_share=0.3)


def _matches(lesions: dict[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame({"image_id": list(lesions), "group_id": pd.array(list(lesions.values()), dtype="string")})


def _predictions(*images: str) -> pd.DataFrame:
    return pd.DataFrame({"image_id": images, "split": "test", "group_id": None, "probability": 0.5})


def _assignment(splits: dict[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame({"image_id": list(splits), "split": pd.array(list(splits.values()), dtype="string")})


def _tested(*images: str) -> dict[str, str | None]:
    return {"l1": "labeled", "u1": "unlabeled", "v1": "validation", "out": None} | dict.fromkeys(images, "test")


SPLITS = _tested(*"abcdef")


def test_a_sibling_in_any_split_but_test_counts_and_one_set_aside_does_not(caplog) -> None:
    lesions = {"l1": "L1", "u1": "L2", "v1": "L3", "out": "L4", "a": "L1", "b": "L2", "c": "L3", "d": "L4", "e": "L4"}
    with caplog.at_level(logging.INFO):
        kept = drop_siblings(_matches(lesions | {"f": None}), _assignment(SPLITS), _predictions(*"abcdef"), OPTIONS)
    assert kept["image_id"].tolist() == ["d", "e"]  # f has no known lesion
    assert kept["group_id"].tolist() == ["L4", "L4"]  # intervals are over lesions
    assert caplog.messages == [
        "Of 6 test images, 5 have a known lesion, and 2 of these no known sibling in training, where 0 images have no "
        "known lesion"
    ]


def test_none_left_says_how_many_were_known() -> None:
    matches = _matches({"l1": "L1", "u1": "L2", "v1": "L3", "a": "L2", "b": None})
    with pytest.raises(CorpusError, match="Of 2 test images 1 have a known lesion, and none"):
        drop_siblings(matches, _assignment(_tested("a", "b")), _predictions("a", "b"), OPTIONS)


def test_training_images_of_unknown_lesion_may_be_siblings_and_are_limited() -> None:
    matches = _matches({"l1": "L1", "u1": None, "v1": "L3", "a": "L4"})
    with pytest.raises(CorpusError, match=r"Of 3 images that train or choose, 1 have no known lesion.*allows 0.3"):
        drop_siblings(matches, _assignment(_tested("a")), _predictions("a"), OPTIONS)
    allowed = OPTIONS.model_copy(update={"max_unknown_share": 0.34})
    assert len(drop_siblings(matches, _assignment(_tested("a")), _predictions("a"), allowed)) == 1


@pytest.mark.parametrize("now", ["abcde", "abcdefg"])
def test_predictions_of_another_split_are_refused(now: str) -> None:
    """An ingestion with other options since the training: what was trained on may be test now, and the other way."""
    lesions = {"l1": "L1", "u1": "L2", "v1": "L3"} | dict.fromkeys("abcdefg", "L9")
    with pytest.raises(CorpusError, match="the splits were changed since"):
        drop_siblings(_matches(lesions), _assignment(_tested(*now)), _predictions(*"abcdef"), OPTIONS)


def test_unrelated_scores_the_same_predictions_under_names_of_its_own(project) -> None:
    bootstrap_project(project)
    unrelated = pipelines["unrelated"]
    whole = pipelines["ssgan"]
    predictions = {"ssgan.predictions", "ssgan.baseline.predictions", "ssgan.majority", "ssgan.colour_svm"}
    assert predictions <= unrelated.inputs() & whole.all_outputs()
    assert not unrelated.all_outputs() & whole.all_outputs()  # the scores of the run stay as they are
    dropped = {node.inputs[2] for node in unrelated.nodes if node.func is drop_siblings}
    assert dropped == predictions
