"""The model card says what the report says, in a form that others' programs read, and asks nobody."""

import socket

import numpy as np
import pandas as pd
import pytest
import yaml
from huggingface_hub import ModelCard

from nevus.contracts import SUBGROUP_COLUMNS
from nevus.pipelines.reporting import nodes
from nevus.pipelines.reporting.card import UNDIVIDED, facts_of, markdown_table, write_model_card
from nevus.pipelines.reporting.subgroups import score_subgroups
from tests.pipelines.test_reporting import (
    NOBODY,
    OPTIONS,
    SEEN,
    SUBGROUPS,
    SUMMARY,
    classifier,
    images_of,
    of_three,
    predictions,
)

RUN = classifier("supervised", "wide")
RUN.record.update(
    network={"parameters": 12345}, training={"steps": 500}, images={"labeled": 40, "test": 200}, code={"nevus": "0.1.0"}
)
TABLE = predictions(2.0, 1)


@pytest.fixture(scope="module")
def scored():
    return nodes.evaluate(OPTIONS, RUN, TABLE, SEEN, TABLE.assign(probability=0.5), predictions(0.6, 3))


@pytest.fixture(scope="module")
def parts(scored):
    return score_subgroups(OPTIONS, RUN, TABLE, SUBGROUPS, images_of(TABLE), scored[0])


@pytest.fixture
def offline(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def card_of(scored, parts, run=RUN, ledger=NOBODY):
    metrics, comparison, _ = scored
    return write_model_card(OPTIONS, run, metrics, comparison, TABLE, SUMMARY, ledger, parts)


@pytest.mark.usefixtures("offline")
def test_the_metadata_are_read_back_with_the_scores_of_the_run_alone(scored, parts):
    card = ModelCard(card_of(scored, parts))
    found = {result.metric_type: result for result in card.data.eval_results}
    own = scored[0][scored[0]["method"] == "supervised-wide"].set_index("metric")["value"]
    assert set(found) == set(own.index)
    assert found["auc"].metric_value == pytest.approx(own["auc"], abs=1e-4)
    assert (found["auc"].dataset_split, found["auc"].dataset_revision) == ("test", "abc")
    assert found["auc"].task_type == card.data.pipeline_tag == "image-classification"
    assert card.data.model_name == "supervised-wide/seed3"
    assert card.data.license_name == "research-use-only"
    (index,) = yaml.safe_load(card.data.to_yaml())["model-index"]
    assert len(index["results"][0]["metrics"]) == len(own)


@pytest.mark.usefixtures("offline")
def test_the_card_says_what_the_report_says(scored, parts):
    ledger = scored[2].assign(scored_at="2026-01-01T00:00:00+00:00")
    text = ModelCard(card_of(scored, parts, ledger=ledger)).text
    assert "# supervised-wide: melanoma or benign?" in text
    assert "**Research use only. Not a medical device.**" in text
    assert "| Weights | 12,345 |" in text
    assert "| Trained on | 40 labeled |" in text
    assert "| test | 1,200 | 0.25 |" in text
    assert "This test split has been scored once, by 1 run." in text
    auc = scored[0].set_index(["method", "metric"]).loc[("supervised-wide", "auc")]
    assert f"| AUC | {auc['value']:.2f} ({auc['low']:.2f} to {auc['high']:.2f}) |" in text
    assert "| Sex female | 120 | 30 benign, 30 melanoma |" in text
    assert "were not calibrated" in text
    lines = text.splitlines()
    tables = [number for number, line in enumerate(lines) if line.startswith("| ---")]
    assert len(tables) == 4
    for number in tables:  # a table whose rows differ in length is none
        rest = iter(lines[number - 1 :])
        assert len({line.count("|") for line in iter(lambda rest=rest: next(rest), "")}) == 1


def test_a_calibration_and_unknown_parts_are_said(scored):
    calibrated = RUN._replace(spec=RUN.spec | {"calibration": {"kind": "temperature", "temperature": 2.0}})
    text = card_of(scored, pd.DataFrame(columns=list(SUBGROUP_COLUMNS)), run=calibrated)
    assert "were calibrated (temperature)" in text
    assert UNDIVIDED in text


def test_three_classes_and_an_ensemble_have_a_card_too():
    names = ("a", "b|c", "d")
    run = classifier("ensemble", classes=names)
    run.spec["members"] = {"x/seed0": {}, "x/seed1": {}}
    table, nothing = of_three(TABLE), of_three(TABLE.assign(probability=0.5))
    metrics, comparison, _ = nodes.evaluate(OPTIONS, run, table, SEEN, nothing, of_three(predictions(0.6, 3)))
    test = images_of(table)._replace(pixels=np.empty(0))
    parts = score_subgroups(OPTIONS, run, table, SUBGROUPS, test, metrics)
    text = write_model_card(OPTIONS, run, metrics, comparison, table, SUMMARY, NOBODY, parts)
    assert "| Network | 2 averaged |" in text
    assert ("Classes", "a, b|c, d") in facts_of(run)
    assert "| Classes | a, b\\|c, d |" in text


def test_what_is_not_known_of_predictions_from_elsewhere_is_left_out():
    handed = RUN._replace(spec={"classes": ["benign", "melanoma"]}, record={"method": "external", "seed": 0})
    handed.record.update(trained_elsewhere=True, images={"labeled": 40}, code={"nevus": "0.1.0"})
    assert [name for name, _ in facts_of(handed)] == ["Name", "Method", "Classes", "Seed"]


def test_a_cell_ends_neither_its_row_nor_its_table():
    assert markdown_table(["a", "b"], [["x|y", "one\ntwo"]]) == "| a | b |\n| --- | --- |\n| x\\|y | one two |"
