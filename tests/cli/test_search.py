"""`kedro sweep --search` says what is wrong before anything runs, and what it will try."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from nevus.cli.sweep_options import searches_of
from nevus.cli.sweep_search import Search, search_of
from nevus.cli.sweep_trials import command_of, left_of
from nevus.hooks.parameters import VARIANT
from nevus.sweep.study import DONE, FAILED, RUNNING, Trial
from nevus.sweep.trials import best_of, score_of
from tests.cli.sweeping import call

CONFIDENCE = "fixmatch.algorithm.confidence=0.5:0.99"
ASKED = ("--pipelines=fixmatch", "--trials=3", "--search", CONFIDENCE)


def asked(
    root: Path, *searches: str, name: str | None = None, metric: str = "auc", texts: tuple[str, ...] = ()
) -> Search:
    options = {"trials": 3, "metric": metric, "seeds": "2", "budgets": None, "grids": (), "texts": texts}
    return search_of(root, "test", "fixmatch", "1", name, searches=searches or (CONFIDENCE,), **options)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pipelines=fixmatch", "--search", CONFIDENCE], ["--trials is not given"]),
        (["--pipelines=fixmatch", "--search", CONFIDENCE, "--trials=0"], ["--trials is 0"]),
        (["--pipelines=fixmatch", "--trials=3"], ["--trials is of a search"]),
        (["--pipelines=fixmatch", "--metric=auc"], ["--metric is of a search"]),
        (["--pipelines=fixmatch,uda", "--search", CONFIDENCE, "--trials=3"], ["--search is of one method"]),
        ([*ASKED, "--seeds=0-4"], ["--search makes each trial with one seed", "cross_validation.repeats"]),
        ([*ASKED, "--budgets=5,10"], ["--search is with one label budget"]),
        ([*ASKED, "--grid", "classifier.average_d4=true,false"], ["they do not go together", "--search 'classifier"]),
        ([*ASKED, "--grid", "fixmatch.algorithm.confidence=0.8,0.9"], ["confidence is set twice"]),
        ([*ASKED, "--search", CONFIDENCE], ["fixmatch.algorithm.confidence is set twice"]),
        ([*ASKED, "--params", "fixmatch.algorithm.confidence=0.8"], ["fixmatch.algorithm.confidence is set twice"]),
        ([*ASKED, "--search", "seed=1:9"], ["--search seed: it names the run"]),
        ([*ASKED, "--search", "confidence"], ["--search 'confidence' is no range PATH=LOW:HIGH"]),
        ([*ASKED, "--search", "fixmatch.loop.steps=9"], ["is no range", "no list of two values or more"]),
        ([*ASKED, "--search", "fixmatch.loop.steps=9:19:lin"], ["is no range"]),
        ([*ASKED, "--search", "fixmatch.loop.steps=19:9"], ["19 is not below 9"]),
        ([*ASKED, "--search", "fixmatch.loop.steps=9:9"], ["9 is not below 9"]),
        ([*ASKED, "--search", "fixmatch.loop.steps=0:9:log"], ["above 0, but it is 0"]),
        (
            [*ASKED, "--search", "fixmatch.algorithm.confidense=0.5:0.9"],
            ["did you mean 'confidence'?", "set by --search"],
        ),
        ([*ASKED[:2], "--search", "fixmatch.algorithm.confidence=0.5:1.2"], ["confidence: 1.2", "set by --search"]),
        ([*ASKED[:2], "--search", "fixmatch.algorithm.confidence=-1:1"], ["confidence: -1", "set by --search"]),
        ([*ASKED, "--search", "uda.algorithm.temperature=0.3:0.9"], ["a training of fixmatch does not read it"]),
        ([*ASKED, "--search", "evaluation.replicates=100:200"], ["evaluation.replicates", "not read"]),
        ([*ASKED, "--search", "cross_validation.folds=2:5"], ["it changes by which images trials are scored"]),
        ([*ASKED, "--search", "splits.label_budget=2:5"], ["it changes by which images trials are scored"]),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_runs(root, arguments, said):
    result = call(root, *arguments)
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    for text in said:
        assert text in result.output
    assert not (root / "data").exists()


def test_without_optuna_nothing_runs_and_the_message_says_what_to_install(root, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "optuna" else found(name, *rest)
    )
    result = call(root, *ASKED)
    assert result.exit_code == 1
    assert "pip install optuna" in result.output


def test_ranges_of_whole_numbers_and_of_others_and_values():
    texts = ["a=16:128:log", "b=0.5:1", "c=1e-4 : 1e-2:log", "d=-3:3", "e=${policies.weak},[1,2]", "f=.5:1."]
    spaces = searches_of(texts)
    assert [(one.scale, one.whole) for one in spaces] == [
        ("log", True),
        ("linear", False),
        ("log", False),
        ("linear", True),
        ("values", False),
        ("linear", False),
    ]
    assert [[one.value for one in space.axis.settings] for space in spaces[:4]] == [
        [16, 128],
        [0.5, 1.0],
        [0.0001, 0.01],
        [-3, 3],
    ]
    assert [one.shown for one in spaces[4].axis.settings] == ["weak", "[1,2]"]


def test_a_dry_run_says_how_many_trials_there_will_be(root):
    result = call(root, *ASKED, "--budgets=5", "--name=tried", "--jobs=1")
    assert result.exit_code == 0, result.output
    assert result.output == "3 trials: 0 done, 3 to do. Results: data/08_reporting/test/sweeps/tried\n"


def test_a_trial_is_a_cross_validation_of_the_method_alone_under_a_name_of_its_own(root):
    texts = ("variant=wide", "fixmatch.loop.steps=30", "cross_validation.folds=3")
    search = asked(root, name="tried+more", texts=texts)
    (space,) = search.spaces
    trial = Trial(7, (space.setting(0.81234567),), RUNNING, None)
    assert search.point(trial).name == "cross_validation-wide-tried-more-trial7/seed2"
    assert search.point(trial).arguments == [
        "--pipeline=cross_validation",
        *("--params", "fixmatch.loop.steps=30"),
        *("--params", "cross_validation.folds=3"),
        *("--params", "cross_validation.methods=[fixmatch]"),
        *("--params", "fixmatch.algorithm.confidence=0.8123"),
        *("--params", "seed=2"),
        *("--params", "variant=wide-tried-more-trial7"),
    ]
    command = "kedro run --env=test --pipeline=fixmatch --params fixmatch.loop.steps=30"
    assert command_of(search, trial.settings) == f"{command} --params fixmatch.algorithm.confidence=0.8123"
    long = search.point(Trial(12345, trial.settings, RUNNING, None)).variant
    assert VARIANT.fullmatch(long)
    assert VARIANT.fullmatch(asked(root, name="x" * 64, texts=texts).point(trial).variant)


def test_a_search_is_another_one_where_its_scores_would_be_of_something_else(root):
    first = asked(root, name="tried")
    assert asked(root, name="tried").study == first.study
    others = [
        asked(root, name="tried", metric="accuracy"),
        asked(root, "fixmatch.algorithm.confidence=0.5:0.9", name="tried"),
        asked(root, name="tried", texts=("fixmatch.loop.steps=30",)),
        asked(root, name="tried", texts=("cross_validation.folds=3",)),
    ]
    assert len({one.study for one in (first, *others)}) == 5
    assert asked(root, name="tried", texts=("uda.loop.steps=30",)).study == first.study


def test_trials_that_pack_other_images_are_made_one_at_a_time(root):
    assert call(root, *ASKED, "--jobs=2").output.count("2 at a time") == 1
    assert "at a time" not in call(root, *ASKED, "--jobs=2", "--search", "ingestion.size=32,64").output


def test_trials_that_were_stopped_or_failed_are_still_to_do(root):
    trials = [Trial(number, (), state, None) for number, state in enumerate((DONE, RUNNING, FAILED, DONE))]
    assert left_of(asked(root), trials) == 1
    assert left_of(asked(root), [*trials, *trials]) == 0


def test_the_score_of_a_trial_is_that_of_the_last_step_of_the_file_that_it_saved(root, tmp_path):
    search = asked(root, name="tried")
    point = search.point(Trial(0, (), RUNNING, None))
    files = type(search.files)(tmp_path, "test", "tried")
    assert score_of(files, point, "auc") is None
    files.result(point).parent.mkdir(parents=True)
    rows = [("fixmatch", 10, 0.5, 0.1, 0.9, 0.01), ("fixmatch", 20, 0.6, 0.2, 0.7, 0.03)]
    columns = ["method", "step", "accuracy", "accuracy_error", "auc", "auc_error"]
    pd.DataFrame(rows, columns=columns).to_csv(files.result(point), index=False)
    assert score_of(files, point, "auc") == (0.7, 0.03)
    assert score_of(files, point, "accuracy") == (0.6, 0.2)


def test_trials_within_two_standard_errors_of_the_best_are_as_good():
    means, errors = [0.8, 0.9, None, 0.85], [0.01, 0.03, None, 0.01]
    table = pd.DataFrame({"trial": [0, 1, 2, 3], "mean": means, "standard_error": errors})
    first, second = best_of(table, "auc")
    assert first == "Best: trial 1, AUC 0.900 ± 0.030 (one standard error over the folds)."
    said = "Differences below two standard errors (0.060) are none: by that 1 of the other 2 trials is as good."
    assert second.startswith(said)
    assert best_of(table.assign(mean=float("nan")), "auc") == []
