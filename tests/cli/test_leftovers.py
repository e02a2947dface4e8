"""What belongs to a run, a data set, or to nobody."""

from pathlib import Path

import pytest

from nevus.cli.leftovers import Leftover, find_leftovers, obstacle, select
from nevus.configuration import run_folder

LAYERS = ("03_primary", "06_models", "08_reporting")


def make(data: Path, *names: str) -> None:
    for name in names:
        (data / name).mkdir(parents=True)
        (data / name / "file").write_text("content")


@pytest.mark.parametrize("variant", [None, "wide", "wide-2", "w1.5", "a_b"])
@pytest.mark.parametrize("method", ["ssgan", "cross_validation"])
def test_a_run_has_its_folders_in_all_layers_and_those_of_its_baseline(tmp_path, method, variant):
    behind = run_folder(variant, 3)
    others = [f"06_models/mnist/{method}{behind}", f"06_models/test/{method}{run_folder(variant, 4)}"]
    mine = [f"{layer}/test/{name}{behind}" for layer in LAYERS for name in (method, f"{method}.baseline")]
    make(tmp_path, *mine, *others)
    found, strangers = find_leftovers(tmp_path)
    (run,) = select(found, "test", [f"{method}{behind}"])
    assert sorted(run.folders) == sorted(tmp_path / name for name in mine)
    assert not strangers


def test_a_variant_is_another_run():
    runs = [Leftover("test", name, ()) for name in ("ssgan/seed0", "ssgan-wide/seed0", "ssgan-wide/seed1")]
    assert select(runs, "test", ["ssgan/seed0"]) == runs[:1]
    assert select(runs, "test", ["ssgan-wide/*"]) == runs[1:]


def test_the_tables_of_a_sweep_go_with_its_data_set_and_by_their_name(tmp_path):
    make(tmp_path, "08_reporting/test/sweeps/seed0", "08_reporting/test/sweeps/budgets", "06_models/test/ssgan/seed0")
    found, strangers = find_leftovers(tmp_path)
    assert [one.name for one in select(found, "test", ["sweeps/*"])] == ["sweeps/budgets", "sweeps/seed0"]
    assert [one.name for one in select(found, "test", ["ssgan/*"])] == ["ssgan/seed0"]
    assert not strangers


def test_a_data_set_has_its_runs_and_corpora_and_no_name_means_a_corpus(tmp_path):
    make(tmp_path, "02_intermediate/test/32px-squash", "06_models/test/ssgan/seed0", "06_models/mnist/ssgan/seed0")
    found, _ = find_leftovers(tmp_path)
    assert [str(one) for one in select(found, "test")] == ["corpus 32px-squash of test", "run ssgan/seed0 of test"]
    assert len(select(found, None)) == 3
    assert not [one for one in select(found, "test", ["*"]) if one.is_corpus]


@pytest.mark.parametrize(
    "place",
    [
        "01_raw/test/ssgan/seed0",
        "05_model_input/mine/train/melanoma",
        "02_intermediate/mine/images",
        "seed0",
        "06_models/a",
    ],
)
def test_what_no_run_made_belongs_to_nobody(tmp_path, place):
    make(tmp_path, place)
    assert find_leftovers(tmp_path)[0] == []


def test_what_no_run_made_is_named_once_by_its_data_set(tmp_path):
    make(tmp_path, *(f"05_model_input/mine/{number}.d" for number in range(3)), "06_models/test/ssgan/seed0")
    assert find_leftovers(tmp_path)[1] == [tmp_path / "05_model_input" / "mine"]


@pytest.mark.parametrize(
    "link", ["", "06_models", "06_models/test", "06_models/test/ssgan", "06_models/test/ssgan/seed0"]
)
def test_nothing_is_found_behind_a_link(tmp_path, link):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    make(elsewhere, Path("06_models/test/ssgan/seed0").relative_to(link).as_posix())
    place = data / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere)
    found, others = find_leftovers(data)
    assert not found
    assert others


@pytest.mark.parametrize("protected", ["", "report.html", "../.."])
def test_what_is_protected_keeps_the_run_that_holds_it_or_lies_in_it(tmp_path, protected):
    make(tmp_path, "06_models/test/ssgan/seed0")
    ((run,), _) = find_leftovers(tmp_path)
    path = (run.folders[0] / protected).resolve()
    assert "a source" in (obstacle(run, {path: "a source"}, with_untracked=True) or "")
    assert obstacle(run, {run.folders[0].parent / "seed01": "a source"}, with_untracked=True) is None


def test_a_run_that_can_still_be_tracked_stays_unless_told(tmp_path):
    make(tmp_path, "06_models/test/ssgan/seed0")
    journal = tmp_path / "06_models/test/ssgan/seed0/untracked-20250102-030405-6.json"
    journal.touch()
    ((run,), _) = find_leftovers(tmp_path)
    assert f"kedro track {journal}" in (obstacle(run, {}, with_untracked=False) or "")
    assert obstacle(run, {}, with_untracked=True) is None
