"""The leaderboard, of a store with made-up runs of every kind."""

import re

import numpy as np
import pandas as pd
import pytest

from nevus.contracts import NevusError
from nevus.pipelines.leaderboard import drawing, nodes
from nevus.pipelines.leaderboard.params import LeaderboardParams
from nevus.pipelines.leaderboard.predicted import TestImages
from nevus.pipelines.leaderboard.selection import (
    AGAIN,
    GOING_ON,
    NO_CORPUS,
    NOT_ASKED,
    OF_NO_METHOD,
    STATES,
    SUPERSEDED,
)
from nevus.pipelines.reporting.params import EvaluationParams
from nevus.tracking.results import ResultsStore
from tests.plots.rendering import rendered
from tests.tracked_store import CORPUS, OTHER_CORPUS, Tracker, auc_of, said

SCORING = EvaluationParams(
    replicates=300, confidence=0.95, seed=0, calibration_bins=10, threshold=0.5, prevalences=(0.1,)
)
OPTIONS = LeaderboardParams(
    experiments=(), methods=("*",), datasets=("*",), rank_by="auc", metrics=("accuracy",), compared=25
)


def asked(**changed):
    return OPTIONS.model_copy(update=changed)


@pytest.fixture(scope="module")
def store(tmp_path_factory, empty_store):
    """Runs of every kind, in an experiment `lesions`."""
    root = tmp_path_factory.mktemp("tracked")
    (root / "mlflow.db").write_bytes(empty_store)
    uri = f"sqlite:///{root / 'mlflow.db'}"
    tracker = Tracker(uri, "lesions", root / "mlartifacts")
    tracker.run("fixmatch/seed0", predictions={"predictions": said(9.0, 1)})  # repeated below
    tracker.trained("fixmatch", 2.0)
    tracker.trained("supervised", 0.8, params={"loop.steps": "20", "evaluation.replicates": "7"})
    tracker.trained("supervised", 0.4, seeds=(0, 1), corpus=OTHER_CORPUS, labeled=20)
    ssgan = tracker.run("ssgan/seed0", predictions={"predictions": said(1.0, 3)})
    tracker.run("labeled_only, baseline of ssgan/seed0", predictions={"predictions": said(0.9, 4)}, parent=ssgan)
    tracker.run("ssgan/seed1", predictions={"predictions": said(1.0, 5)}, params={"loop.steps": "40"})
    tracker.run("gone/seed0", metrics={"auc": 0.6})
    tracker.run("elsewhere/seed0", predictions={"predictions": said(1.0, 3, test=1)})
    tracker.run("other_weights/seed0", predictions={"predictions": said(1.0, 3)}, metrics={"auc": 0.5})
    tracker.run("supervised/seed3", status="RUNNING")
    tracker.run("supervised/seed4", status="FAILED")
    tracker.run("supervised/seed5", status="KILLED", metrics={"auc": 0.99})
    tracker.run("supervised/seed6", metrics={"accuracy": 0.9})
    tracker.run("supervised/seed7", metrics={"auc": 0.9}, corpus="")
    tracker.run("ssgan/seed0, unrelated", metrics={"auc": 0.9})
    tracker.client.create_run(tracker.experiment_id, tags={"pipeline": "ingestion"}, run_name="ingestion")
    return ResultsStore(uri, "lesions")


@pytest.fixture(scope="module")
def collected(store):
    return nodes.collect_runs(store, OPTIONS)


@pytest.fixture(scope="module")
def compared(store, collected):
    return nodes.compare_methods(store, collected[0], OPTIONS, SCORING)


def row(table, method, corpus=CORPUS, **more):
    found = table[(table["method"] == method) & (table["corpus"] == corpus)]
    for name, value in more.items():
        found = found[found[name] == value]
    (one,) = found.to_dict("records")
    return one


def test_what_is_left_out_is_counted_by_the_reason(collected):
    _, left_out = collected
    assert dict(zip(left_out["reason"], left_out["runs"], strict=True)) == {
        OF_NO_METHOD: 1,
        GOING_ON: 1,
        STATES["FAILED"]: 1,
        STATES["KILLED"]: 1,
        "without auc": 1,
        NO_CORPUS: 1,
        AGAIN: 1,
        SUPERSEDED: 1,
    }
    assert left_out.set_index("reason").loc["without auc", "examples"] == "supervised/seed6"


def test_scores_are_averaged_over_the_seeds_of_one_corpus_alone(collected, compared):
    runs, board = collected[0], compared[0]
    for corpus, seeds in ((CORPUS, 3), (OTHER_CORPUS, 2)):
        found = row(board, "supervised", corpus)
        values = runs.loc[(runs["method"] == "supervised") & (runs["corpus"] == corpus), "auc"]
        assert (found["seeds"], found["auc"]) == (seeds, pytest.approx(values.mean()))
        assert found["auc_sd"] == pytest.approx(values.std())
    assert row(board, "supervised", OTHER_CORPUS)["labeled"] == 20
    assert np.isnan(row(board, "gone")["auc_sd"])


def test_of_a_repeated_name_the_last_finished_run_counts(collected):
    runs = collected[0]
    (repeated,) = runs.loc[runs["run"].eq("fixmatch/seed0") & runs["role"].eq("method"), "auc"]
    assert repeated < 0.999  # the first of them told all images apart


def test_methods_are_ranked_in_each_data_set_and_floors_stand_among_them(compared):
    board = compared[0]
    for _, rows in board.groupby("corpus", sort=False):
        assert rows["auc"].is_monotonic_decreasing
        trained = rows[rows["role"] != "floor"]
        assert trained["rank"].tolist() == list(range(1, len(trained) + 1))
        assert rows.loc[rows["role"] == "floor", "rank"].isna().all()
        assert set(rows.loc[rows["role"] == "floor", "method"]) == {"majority", "colour_svm"}
    assert board["corpus"].iloc[0] == CORPUS  # of more labels
    assert row(board, "fixmatch")["rank"] == 1


def test_lower_is_better_where_it_is(store):
    options = asked(rank_by="calibration_error")
    runs = pd.DataFrame({"seed": ["0", "0"], "method": ["a", "b"], "calibration_error": [0.3, 0.1]})
    runs = runs.assign(**dict.fromkeys(("experiment", "dataset", "corpus", "role", "differs"), "x"))
    runs = runs.assign(
        **dict.fromkeys(
            ("labeled", "accuracy", "wall_seconds", "training_seconds", "images_per_second", "parameters", "flops"), 1.0
        )
    )
    from nevus.pipelines.leaderboard.ranking import means_table

    assert means_table(runs, options)["method"].tolist() == ["b", "a"]


def test_a_nested_baseline_is_shown_as_what_it_is(compared):
    found = row(compared[0], "labeled_only, baseline of ssgan")
    assert (found["role"], found["seeds"]) == ("baseline", 1)
    assert np.isnan(found["wall_seconds"])  # it is part of its method's
    assert row(compared[0], "ssgan")["wall_seconds"] == 50
    assert found["training_seconds"] == 40.5


def test_settings_that_differ_between_seeds_are_named_and_those_of_scoring_do_not_count(compared):
    assert row(compared[0], "ssgan")["differs"] == "loop.steps"
    assert row(compared[0], "supervised")["differs"] == ""


def test_the_best_and_the_floors_are_compared_on_the_same_images_and_seeds(compared, store, collected):
    from nevus.metrics.intervals import estimate, paired_difference
    from nevus.pipelines.reporting.scoring import weights_of

    _, pairs = compared
    assert set(pairs.loc[pairs["method"] == "fixmatch", "other"]) == {"majority", "colour_svm"}
    found = row(pairs, "ssgan", other="fixmatch")
    assert found["seeds"] == 2  # of the three that the best one has
    tables = {
        name: [said(skill, seed) for seed in seeds]
        for name, skill, seeds in (("ssgan", 1.0, (3, 5)), ("fixmatch", 2.0, (10, 11)))
    }
    weights = weights_of(tables["ssgan"][0], SCORING)
    labels = tables["ssgan"][0]["label"].to_numpy()
    means = {}
    for name, both in tables.items():
        each = [estimate(labels, one["probability"].to_numpy(), weights, threshold=0.5, bins=10)["auc"] for one in both]
        means[name] = type(each[0])(
            np.mean([one.value for one in each]), np.mean([one.replicates for one in each], axis=0)
        )
    wanted = paired_difference(means["ssgan"], means["fixmatch"], confidence=0.95)
    assert tuple(found[name] for name in ("difference", "low", "high", "p_value")) == pytest.approx(tuple(wanted))
    assert found["standing"] == "behind"
    assert row(pairs, "fixmatch", other="majority")["standing"] == "ahead"


def test_the_interval_speaks_of_images_and_the_error_of_seeds_stands_beside_it(compared):
    found = row(compared[0], "fixmatch")
    assert found["low"] < found["auc"] < found["high"]
    assert found["error_seeds"] == pytest.approx(found["auc_sd"] / np.sqrt(3))
    assert found["paired_seeds"] == 3
    assert np.isnan(row(compared[0], "ssgan")["error_seeds"]) == (row(compared[0], "ssgan")["seeds"] < 2)


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("gone", "predictions.parquet cannot be had"),
        ("elsewhere", "its test images are not those"),
        ("other_weights", "but 0.5000 was tracked"),
    ],
)
def test_a_run_that_cannot_be_compared_stays_and_says_why(compared, method, says):
    board, pairs = compared
    found = row(board, method)
    assert says in found["note"]
    assert np.isnan(found["low"])
    assert method not in set(pairs["method"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda table: table.sample(frac=1, random_state=0), ""),  # another order of the same images
        (lambda table: table.assign(probability=table["probability"] * 2), "must lie between 0 and 1"),
        (lambda table: table.assign(label=1 - table["label"]), "other labels"),
        (lambda table: table.drop(columns="group_id"), "lack group_id"),
        (
            lambda table: table.drop(columns="probability").assign(
                probability_0=0.2,
                probability_1=table["probability"] * 0.8,
                probability_2=0.8 - table["probability"] * 0.8,
            ),
            "other classes",
        ),
    ],
)
def test_tables_are_held_against_the_first_one(change, says):
    good = said(1.0, 3)
    auc = auc_of(good)

    class Kept:
        def predictions(self, artifacts, file):
            return good if artifacts == "good" else change(good)

    images = TestImages(Kept(), "auc", SCORING)
    runs = pd.DataFrame({"seed": ["0", "1"], "run": "x", "artifacts": ["good", "other"], "file": "p", "auc": auc})
    found = images.read(("x", "method"), runs)
    assert says in found.note
    if says:
        assert list(found.probabilities) == ["0"]
    else:
        assert (found.probabilities["0"] == found.probabilities["1"]).all()


def test_only_the_best_are_compared_where_that_is_asked_for(store, collected):
    board, pairs = nodes.compare_methods(store, collected[0], asked(compared=1), SCORING)
    here = board[board["corpus"] == CORPUS]
    assert here.loc[here["low"].notna() & here["role"].ne("floor"), "method"].tolist() == ["fixmatch"]
    assert set(pairs.loc[pairs["corpus"] == CORPUS, "method"]) == {"fixmatch"}


def test_methods_and_data_sets_that_are_not_asked_for_are_counted(store):
    runs, left_out = nodes.collect_runs(store, asked(methods=("fix*",)))
    assert set(runs.loc[runs["role"] != "floor", "method"]) == {"fixmatch"}
    assert NOT_ASKED in set(left_out["reason"])


def test_a_metric_that_a_run_has_not_leaves_a_gap(collected, compared):
    assert np.isnan(row(compared[0], "gone")["accuracy"])
    assert row(compared[0], "fixmatch")["accuracy"] == pytest.approx(0.71)


def test_no_run_that_counts_is_refused_with_what_there_is(store):
    with pytest.raises(NevusError, match=r"finished run with the metric f1.*Tracked: \d+ without f1, .*failed"):
        nodes.collect_runs(store, asked(rank_by="f1"))


def test_one_run_is_a_leaderboard(store):
    runs, _ = nodes.collect_runs(store, asked(methods=("gone",)))
    board, pairs = nodes.compare_methods(store, runs, OPTIONS, SCORING)
    assert board["rank"].tolist() == [1]
    assert pairs.empty


def test_tables_read_back_from_files_give_the_same(store, collected, compared, tmp_path):
    path = tmp_path / "runs.csv"
    collected[0].to_csv(path, index=False)
    read = pd.read_csv(path, dtype={"corpus": str, "seed": str})
    board, pairs = nodes.compare_methods(store, read, OPTIONS, SCORING)
    pd.testing.assert_frame_equal(board, compared[0])
    pd.testing.assert_frame_equal(pairs, compared[1])


def test_the_figure_has_a_panel_a_data_set_and_a_dot_a_seed(collected, compared):
    figure = nodes.draw_leaderboard(collected[0], compared[0], OPTIONS, SCORING)
    rendered(figure)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "test, 40 labels (corpus aaaaaaaa)",
        "test, 20 labels (corpus bbbbbbbb)",
    ]
    names = [text.get_text() for text in figure.axes[1].get_yticklabels()]
    assert set(names) == {"supervised", "colour SVM (floor)", "majority class (floor)"}
    (panel,) = drawing.panels_of(collected[0], compared[0], "auc")[1:]
    (line,) = [line for line in panel.lines if line.name == "supervised"]
    assert len(line.seeds) == 2
    assert np.mean(line.seeds) == pytest.approx(line.value)


def test_curves_run_over_the_label_budgets_of_corpora_that_differ_in_nothing_else(collected, compared):
    runs, board = collected[0], compared[0]
    scores = drawing.budget_scores(runs, board, OPTIONS)
    assert set(scores.loc[scores["role"] == "method", "series"]) == {"supervised"}
    assert set(scores["labeled"]) == {20, 40}
    assert set(scores["role"]) == {"method", "floor"}
    rendered(nodes.draw_budgets(runs, board, OPTIONS))
    apart = runs.assign(budgets_of=runs["corpus"])  # other images, or of another size
    assert drawing.budget_scores(apart, board, OPTIONS).empty
    rendered(nodes.draw_budgets(apart, board, OPTIONS))


def test_of_corpora_with_as_many_labels_one_is_drawn(collected, compared):
    runs, board = collected[0], compared[0]
    more = runs[(runs["corpus"] == OTHER_CORPUS)].assign(corpus="c" * 64, auc=0.0)
    scores = drawing.budget_scores(pd.concat([runs, more.head(1)]), board, OPTIONS)
    assert (scores["value"] > 0).all()


@pytest.fixture(scope="module")
def page(collected, compared):
    return nodes.write_page(*collected, *compared, b"figure", b"budgets", OPTIONS, SCORING)


def test_the_page_tells_who_is_ahead_of_whom_and_what_it_cost(page):
    assert "Leaderboard: 14 runs of 7 methods on 2 data sets" in page
    assert "Experiment lesions in MLflow; 8 runs left out" in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert re.search(
        r"1 fixmatch 3 0\.\d{3} ± 0\.\d{3} 0\.\d{3} to 0\.\d{3} \+0\.\d{3} .* p = 0\.\d{3}, 3 seeds ahead", text
    )
    assert "its runs differ in loop.steps" in text
    assert "elsewhere: no run could be compared image by image; elsewhere/seed0: its test images are not" in text
    assert "fixmatch 50 40.5 2,000 5,000 1 " in text
    assert "Over the number of labels" in page
    assert "drawn by a program" not in page


def test_the_page_of_drawings_says_that_they_are(collected, compared):
    runs, left_out = collected
    page = nodes.write_page(runs.assign(format="phantom"), left_out[:0], *compared, b"", b"", OPTIONS, SCORING)
    assert "drawn by a program" in page
    assert "No tracked run was left out." in page


def test_the_screen_shows_a_row_a_method(compared):
    summary = nodes.summarise(*compared, OPTIONS)
    first = summary.iloc[0]
    assert (first["Rank"], first["Method"], first["Data"], first["Labels"]) == ("1", "fixmatch", "test aaaaaaaa", "40")
    assert first["Minus the best"] == ""
    here = summary[summary["Data"] == first["Data"]].set_index("Method")["Minus the best"]
    assert here["SSGAN"].startswith("\N{MINUS SIGN}")
