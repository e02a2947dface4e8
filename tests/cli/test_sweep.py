"""`kedro sweep` says what is wrong before anything runs, and which runs are done."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import Result
from kedro.framework.project import pipelines
from safetensors.torch import save_file

from nevus.cli.sweep_call import duration, environment_of
from nevus.cli.sweep_options import fixed_of, grids_of, name_of, seeds_of, split
from nevus.cli.sweep_plan import fitting_jobs, plan_of
from nevus.configuration import load_configuration
from nevus.contracts import NevusError
from nevus.hooks.completion import read_by, write_note
from nevus.pipelines.checkpoint_key import digest
from nevus.sweep.checks import unread_beside
from tests.cli.sweeping import call

BOTH = ("--pipelines=supervised,fixmatch",)
CONFIDENCE = ("--grid", "fixmatch.algorithm.confidence=0.8,0.95")


def listed(result: Result) -> dict[str, bool]:
    """Names of the runs, and whether they are done."""
    assert result.exit_code == 0, result.output
    lines = [line.rpartition("  ") for line in result.output.splitlines()[:-1]]
    return {name: state.strip() == "done" for state, _, name in lines}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pipelines=fixmach"], ["there is no pipeline 'fixmach'; did you mean 'fixmatch'?"]),
        (["--pipelines=ingestion"], ["'ingestion' trains nothing", "A sweep takes:", "supervised"]),
        (["--pipelines=ensemble"], ["'ensemble' trains nothing"]),
        (["--pipelines=,"], ["--pipelines names none"]),
        ([*BOTH, "--seeds=one"], ["--seeds: 'one' is no whole number"]),
        ([*BOTH, "--seeds=4-0"], ["--seeds: '4-0'"]),
        ([*BOTH, "--seeds=1,1"], ["two points would be the run supervised/seed1"]),
        ([*BOTH, "--budgets=ten"], ["--budgets: 'ten' is no whole number of labelled images of each class"]),
        ([*BOTH, "--budgets=0"], ["splits.label_budget: 0", "set by --budgets"]),
        ([*BOTH, "--grid", "fixmatch.algorithm.confidence="], ["is not PATH=VALUE,VALUE"]),
        ([*BOTH, "--grid", "fixmatch.algorithm.confidence=0.8,"], ["is not PATH=VALUE,VALUE"]),
        ([*BOTH, "--grid", "confidence"], ["is not PATH=VALUE,VALUE"]),
        ([*BOTH, *CONFIDENCE, *CONFIDENCE], ["fixmatch.algorithm.confidence is set twice"]),
        ([*BOTH, "--budgets=5", "--grid", "splits.label_budget=3"], ["splits.label_budget is set twice"]),
        ([*BOTH, "--budgets=5", "--params", "splits.label_budget=3"], ["splits.label_budget is set twice"]),
        ([*BOTH, "--grid", "seed=1,2"], ["--grid seed: it names the run", "--seeds"]),
        ([*BOTH, "--params", "seed=1"], ["give it by --seeds"]),
        (
            [*BOTH, "--grid", "fixmatch.algorithm.confidense=0.8"],
            ["there is no such parameter; did you mean 'confidence'?", "set by --grid."],
        ),
        ([*BOTH, "--grid", "fixmach.algorithm.confidence=0.8"], ["no parameter group 'fixmach'", "'fixmatch'"]),
        ([*BOTH, "--grid", "fixmatch.algorithm.confidence=0.8,1.2"], ["fixmatch.algorithm.confidence: 1.2", "set by"]),
        ([*BOTH, "--grid", "uda.algorithm.temperature=0.3"], ["what this sweep gives is not read", "--pipeline: uda"]),
        ([*BOTH, "--params", "wide"], ["'wide' is not name=value"]),
        ([*BOTH, "--params", "variant=a/b"], ["variant: 'a/b' names folders"]),
        ([*BOTH, "--jobs=0"], ["--jobs: '0'"]),
        ([*BOTH, "--name=a/b"], ["--name: 'a/b' names a folder"]),
        ([*BOTH, "--env=tset"], ["there is no environment 'tset'"]),
    ],
)
def test_what_is_wrong_is_one_message_and_nothing_runs(root, arguments, said):
    result = call(root, *arguments)
    assert result.exit_code == 1, result.output
    assert result.output.startswith("Error: ")
    for text in said:
        assert text in result.output
    assert not (root / "data").exists()


def test_a_grid_varies_the_pipelines_that_read_it(root):
    found = listed(call(root, *BOTH, *CONFIDENCE, "--params", "fixmatch.loop.steps=9,classifier.average_d4=false"))
    assert list(found) == [
        "supervised/seed0",
        "fixmatch-confidence_0.8/seed0",
        "fixmatch-confidence_0.95/seed0",
    ]
    assert not any(found.values())


def end(root: Path, run: str, given: dict[str, Any], **note: Any) -> tuple[Path, Path]:
    """Leave what a run of a method leaves when it has ended: its note, and its metrics."""
    loader = load_configuration(root, "test")
    loader.runtime_params = given
    models = root / "data" / "06_models" / "test" / run
    models.mkdir(parents=True)
    write_note(models, {"parameters": read_by(pipelines["supervised"], loader), "seconds": 1.0, **note})
    metrics = root / "data" / "08_reporting" / "test" / run / "metrics.csv"
    metrics.parent.mkdir(parents=True)
    metrics.touch()
    return models, metrics


def test_a_grid_makes_a_difference_to_the_baselines_and_floors_that_read_what_it_varies(root):
    loader = load_configuration(root, "test")
    loader.runtime_params = {
        "fixmatch": {"algorithm": {"confidence": 0.8}},
        "classifier": {"average_d4": False},
        "splits": {"label_budget": 5},
        "evaluation": {"replicates": 100},
    }
    found = unread_beside(loader, ["supervised", "fixmatch"])
    assert found["fixmatch"]["baseline"] == {"fixmatch.algorithm.confidence"}
    assert found["fixmatch"]["floor"] == {"fixmatch.algorithm.confidence", "classifier.average_d4"}
    assert found["supervised"].keys() == {"floor"}  # it has no baseline


def test_done_is_what_ended_with_the_same_parameters(root, tmp_path):
    shutil.copytree(root / "conf", tmp_path / "conf")
    asked = ["--pipelines=supervised", "--seeds=0-1", "--budgets=5"]
    run = "supervised-budget_5/seed1"
    given = {"seed": 1, "variant": "budget_5", "splits": {"label_budget": 5}}
    models, metrics = end(tmp_path, run, given)
    metrics.unlink()
    assert not listed(call(tmp_path, *asked))[run]
    metrics.touch()
    assert listed(call(tmp_path, *asked)) == {"supervised-budget_5/seed0": False, run: True}
    for changed in ("supervised.loop.steps=21", "evaluation.replicates=100", "classifier.loss.label_smoothing=0.1"):
        assert not listed(call(tmp_path, *asked, "--params", changed))[run], changed
    (models / "completed.json").write_text("{")
    assert not listed(call(tmp_path, *asked))[run]


def test_a_run_whose_start_was_trained_anew_is_not_done(root, tmp_path):
    shutil.copytree(root / "conf", tmp_path / "conf")
    start = tmp_path / "data" / "06_models" / "test" / "simclr" / "seed0" / "model"
    (start / "artifacts").mkdir(parents=True)
    (start / "MLmodel").touch()
    weights = {"b": torch.ones(2), "a": torch.zeros(3)}
    save_file(weights, start / "artifacts" / "weights.safetensors")
    runs = {"start": {"simclr/seed0": digest(weights)}}
    end(tmp_path, "supervised/seed0", {"seed": 0}, ancestors={"supervised.baseline.classifier": runs})
    assert listed(call(tmp_path, "--pipelines=supervised"))["supervised/seed0"]
    save_file({"b": torch.ones(2), "a": torch.ones(3)}, start / "artifacts" / "weights.safetensors")
    assert not listed(call(tmp_path, "--pipelines=supervised"))["supervised/seed0"]
    shutil.rmtree(start)  # what is gone was not trained anew
    assert listed(call(tmp_path, "--pipelines=supervised"))["supervised/seed0"]


def waits(result: Result) -> dict[str, str]:
    """What each run is listed to come after."""
    assert result.exit_code == 0, result.output
    lines = [line.split("  ", 1)[1].partition(" (after ") for line in result.output.splitlines()[:-1]]
    return {name: after.removesuffix(")") for name, _, after in lines}


def test_a_run_comes_after_those_of_the_sweep_that_it_starts_from_or_that_teach_it(root):
    start = ("--params", "classifier.start=simclr/seed${seed}")
    found = waits(call(root, "--pipelines=fixmatch,simclr,supervised", "--seeds=0-1", *start))
    assert found == {
        "fixmatch/seed0": "simclr/seed0",  # as does its baseline
        "simclr/seed0": "",
        "supervised/seed0": "",
        "fixmatch/seed1": "simclr/seed1",
        "simclr/seed1": "",
        "supervised/seed1": "",
    }
    found = waits(call(root, "--pipelines=distillation,supervised", "--seeds=0-1"))
    assert found["distillation/seed0"] == found["distillation/seed1"] == "supervised/seed0, supervised/seed1"


def test_a_grid_over_starts_waits_for_each_of_them(root):
    grid = ("--grid", "supervised.start=null,simclr/seed0,byol/seed0")
    found = waits(call(root, "--pipelines=supervised,simclr", *grid))
    assert list(found.values()) == ["", "simclr/seed0", "", ""]  # no byol/seed0 in this sweep: it has to be there


def test_runs_that_build_on_one_another_are_refused(root):
    given = ("--params", "simclr.start=byol/seed0,byol.start=simclr/seed0")
    result = call(root, "--pipelines=simclr,byol", *given)
    assert result.exit_code == 1
    assert "no run of these can be the first" in result.output
    assert "byol/seed0 builds on simclr/seed0 by byol.start" in result.output
    itself = call(root, "--pipelines=supervised", "--params", "supervised.start=supervised/seed0")
    assert "supervised/seed0 builds on supervised/seed0 by supervised.start" in itself.output


def test_a_run_is_not_done_when_one_that_it_builds_on_is_not(root, tmp_path):
    shutil.copytree(root / "conf", tmp_path / "conf")
    given = ("--pipelines=supervised,simclr", "--params", "supervised.start=simclr/seed0")
    for name in ("supervised", "simclr"):
        loader = load_configuration(tmp_path, "test")
        loader.runtime_params = {"seed": 0, "supervised": {"start": "simclr/seed0"}} if name == "supervised" else {}
        models = tmp_path / "data" / "06_models" / "test" / name / "seed0"
        models.mkdir(parents=True)
        write_note(models, {"parameters": read_by(pipelines[name], loader), "seconds": 1.0})
        metrics = tmp_path / "data" / "08_reporting" / "test" / name / "seed0" / "metrics.csv"
        metrics.parent.mkdir(parents=True)
        metrics.touch()
    assert "2 done" in call(tmp_path, *given).output
    (tmp_path / "data" / "06_models" / "test" / "simclr" / "seed0" / "completed.json").unlink()
    assert "0 done" in call(tmp_path, *given).output


def test_the_source_of_the_images_counts_as_a_parameter(root, tmp_path):
    shutil.copytree(root / "conf", tmp_path / "conf")
    loader = load_configuration(tmp_path, "image_folder")
    loader.runtime_params = {"seed": 0, "source": "/a"}
    note = json.loads(json.dumps(read_by(pipelines["supervised"], loader)))
    loader.runtime_params = {"seed": 0, "source": "/b"}
    assert read_by(pipelines["supervised"], loader) != note


@pytest.mark.parametrize(
    ("text", "seeds"), [("0", [0]), ("0-2", [0, 1, 2]), ("0, 3,7", [0, 3, 7]), ("0-1,5", [0, 1, 5]), ("3-3", [3])]
)
def test_seeds(text, seeds):
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "-1", "1.5", "0-", "0-99999999"])
def test_no_seeds(text):
    with pytest.raises(NevusError, match="--seeds"):
        seeds_of(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.8,0.95", ["0.8", "0.95"]),
        ("[8,16], [16,32]", ["[8,16]", "[16,32]"]),
        ("{a: [1, 2], b: 3},null", ["{a: [1, 2], b: 3}", "null"]),
        ("${optimizers.sgd},${optimizers.adamw}", ["${optimizers.sgd}", "${optimizers.adamw}"]),
        ("'a,b',c", ["'a,b'", "c"]),
    ],
)
def test_a_comma_in_brackets_or_quotes_belongs_to_the_value(text, parts):
    assert split(text) == parts


def test_a_named_block_is_shown_by_its_name():
    (axis,) = grids_of(["supervised.optimizer=${optimizers.adam},${optimizers.cosine}"])
    assert [(one.shown, one.text) for one in axis.settings] == [
        ("adam", "${optimizers.adam}"),
        ("cosine", "${optimizers.cosine}"),
    ]


def test_values_are_read_as_kedro_run_reads_them():
    (axis,) = grids_of(["supervised.network.widths=[8,16],null"])
    assert [one.value for one in axis.settings] == [[8, 16], None]
    fixed = {
        one.name: one.value for one in fixed_of(["variant=01,supervised.loop.steps=01", "supervised.loop.steps=2"])
    }
    assert fixed == {"variant": "01", "supervised.loop.steps": 2}


def test_a_sweep_without_a_name_is_called_by_its_pipelines_and_is_another_with_other_seeds():
    names = {name_of(None, ["supervised", "fixmatch"], {"seeds": seeds}) for seeds in ("0", "0-4")}
    assert len(names) == 2
    assert all(name.startswith("supervised+fixmatch-") for name in names)
    assert len(name_of(None, ["supervised"] * 20)) < 50


@pytest.mark.parametrize(
    ("processors", "gpu", "threads", "left", "jobs"),
    [(16, False, 1, 40, 16), (16, False, 1, 3, 3), (16, False, 4, 40, 4), (2, False, 4, 40, 1), (16, True, 1, 40, 1)],
)
def test_runs_side_by_side_never_want_more_than_the_machine_has(monkeypatch, processors, gpu, threads, left, jobs):
    monkeypatch.setattr("nevus.training.threads.processors", lambda: processors)
    monkeypatch.setattr("torch.cuda.is_available", lambda: gpu)
    assert fitting_jobs(threads, left) == jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_runs_side_by_side_get_one_thread_each_and_one_alone_gets_all(root, monkeypatch, jobs):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    swept = {"seeds": "0", "budgets": None, "grids": (), "texts": ()}
    plan = plan_of(root, "test", "supervised", str(jobs), None, **swept)
    assert environment_of(plan, None).get("OMP_NUM_THREADS") == (None if jobs == 1 else "1")


@pytest.mark.parametrize(("seconds", "said"), [(34.4, "34 s"), (119, "119 s"), (720, "12 min"), (11520, "3.2 h")])
def test_durations(seconds, said):
    assert duration(seconds) == said
