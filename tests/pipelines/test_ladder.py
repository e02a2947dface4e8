import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread

from nevus.contracts import METRIC_COLUMNS, Classifier, CorpusError
from nevus.pipelines.ladder import nodes, wording
from nevus.pipelines.ladder.pipeline import PARTS, RUNGS, create_pipeline
from nevus.pipelines.methods import METHODS
from nevus.pipelines.ssgan.params import SsganParams
from tests.pipelines.test_reporting import OPTIONS, SEEN, classifier, predictions

HIGHEST = classifier("ssgan", "wide")


@pytest.fixture(scope="module")
def tables():
    """Rungs of which the second adds nothing, and the third all that there is to add."""
    weak = predictions(1.0, 1)
    perfect = weak.assign(probability=weak["label"].astype(float))
    floors = {"majority": weak.assign(probability=0.5), "colour_svm": predictions(0.6, 3)}
    return floors | {"labels": weak, "consistency": weak.copy(), "gan": perfect}


@pytest.fixture(scope="module")
def compared(tables):
    return nodes.compare(OPTIONS, SEEN, highest=HIGHEST, **tables)


def test_each_rung_is_compared_with_the_one_below_and_the_lowest_with_the_colours(compared):
    metrics, comparison, entry = compared
    assert list(entry["run"]) == ["ladder.labels-wide/seed3", "ladder.consistency-wide/seed3", "ladder.gan-wide/seed3"]
    assert entry["test"].nunique() == 1
    assert list(metrics.columns) == list(METRIC_COLUMNS)
    assert list(comparison.columns) == ["rung", "below", "metric", "difference", "low", "high", "p_value"]
    auc = comparison[comparison["metric"] == "auc"].set_index("rung")
    assert auc["below"].to_dict() == {"labels": "colour_svm", "consistency": "labels", "gan": "consistency"}
    assert tuple(auc.loc["consistency", ["difference", "low", "high", "p_value"]]) == (0, 0, 0, 1)
    scores = metrics[metrics["metric"] == "auc"].set_index("method")["value"]
    assert auc.loc["gan", "difference"] == pytest.approx(1 - scores["labels"])
    assert auc.loc["gan", "low"] > 0
    assert auc.loc["labels", "difference"] == pytest.approx(scores["labels"] - scores["colour_svm"])


def test_test_images_that_train_are_refused(tables):
    seen = pd.DataFrame({"image_id": ["image-0"], "split": ["unlabeled"]})
    with pytest.raises(CorpusError, match="train or choose"):
        nodes.compare(OPTIONS, seen, highest=HIGHEST, **tables)


def test_rungs_on_other_images_are_refused(tables):
    with pytest.raises(CorpusError, match="same test images"):
        nodes.compare(OPTIONS, SEEN, highest=HIGHEST, **tables | {"gan": tables["gan"].iloc[:-1]})


def test_the_page_says_what_each_rung_adds_and_costs(compared, tables):
    metrics, comparison, entry = compared
    figure = nodes.draw_ladder(OPTIONS, metrics, comparison)
    file = io.BytesIO()
    figure.savefig(file)
    file.seek(0)
    assert imread(file).std() > 0
    said = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert said == ["colour SVM", "labels only", "+ consistency", "+ GAN"]

    parameters = {"ssgan": {}, "ingestion": {"format": "phantom"}}
    record = {"parameters": parameters, "seed": 0, "images": {"labeled": 40, "unlabeled": 4000}}
    classifier = Classifier({}, {"classes": ["benign", "melanoma"]}, np.empty((0, 8, 8, 3), np.uint8), record)
    histories = {"gan": pd.DataFrame({"step": [1, 2], "seconds": [1.0, 61.2]})}
    summary = pd.DataFrame({"split": ["labeled"]})
    known = {"rungs": file.getvalue(), "ledger": entry.assign(scored_at="2026-01-01T00:00:00+00:00")}
    page = nodes.write_page(OPTIONS, metrics, comparison, classifier, tables["gan"], summary, **known, **histories)
    assert "This test split has been scored 3 times, by 3 runs." in page
    assert "How far do 40 labels carry, beside 4,000 unlabelled images?" in page
    assert "61 s" in page
    assert "drawn by a program" in page
    steps = {step["name"]: step["standing"] for step in wording.steps_of(comparison)}
    assert steps["+ GAN"] == "ahead"
    assert steps["+ consistency"] == wording.steps_of(comparison)[1]["standing"] != "ahead"


def test_every_part_is_a_method_and_every_rung_has_words():
    assert set(PARTS.values()) <= set(METHODS)
    assert set(RUNGS) <= set(wording.IDEAS)
    assert {node.name for node in create_pipeline().nodes} >= {f"ladder.{rung}.predict" for rung in RUNGS}


def test_rungs_differ_in_nothing_but_what_they_add(configuration):
    blocks = configuration()["parameters"]["ladder"]
    shared = set(blocks["labels"]) - {"algorithm", "unlabeled"}
    for above in ("consistency", "gan"):
        assert {name: blocks[above][name] for name in shared} == {name: blocks["labels"][name] for name in shared}
    assert {**blocks["start"], "start": None} == blocks["gan"]
    consistency, gan = blocks["consistency"]["algorithm"], SsganParams.model_validate(blocks["gan"]).objective
    assert (consistency["weight"], consistency["ramp"]) == (gan.consistency_weight, gan.consistency_ramp)
    assert blocks["consistency"]["unlabeled"]["weak"] == blocks["gan"]["unlabeled"]["weak"]
