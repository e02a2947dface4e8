"""How the configuration is put together: what is taken over by interpolation follows what it is taken from."""

from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from nevus.configuration import ConfigLoader, run_folder
from nevus.hooks.places import environments
from nevus.pipelines.methods import METHODS

SHARED = ("network", "copies", "augment", "loss", "optimizer", "loop", "selection", "average_d4", "metadata")


def test_a_run_is_named_by_variant_and_seed():
    assert run_folder(None, 0) == run_folder("", 0) == "/seed0"
    assert run_folder("wide", 3) == "-wide/seed3"


def test_an_environment_reaches_what_a_method_takes_over(configuration):
    parameters = configuration()["parameters"]
    assert parameters["classifier"]["loop"]["steps"] == 20  # conf/test
    assert parameters["ssgan"]["loop"] == parameters["labeled_only"]["loop"] == parameters["classifier"]["loop"]


def test_the_command_line_reaches_it_too_and_one_method_can_differ(configuration):
    parameters = configuration(classifier={"loop": {"steps": 7}}, ssgan={"network": {"blocks": 2}})["parameters"]
    assert parameters["ssgan"]["loop"]["steps"] == parameters["labeled_only"]["loop"]["steps"] == 7
    assert parameters["ssgan"]["network"]["blocks"] == 2
    assert parameters["labeled_only"]["network"]["blocks"] == 1


def test_a_method_and_its_baseline_differ_in_nothing_that_a_fair_comparison_keeps_equal(project, configuration):
    for env in environments(project / "conf"):
        parameters = configuration(env)["parameters"]
        for name, method in METHODS.items():
            for block in SHARED if method.baseline else ():
                assert parameters[name][block] == parameters[method.baseline][block], f"{env}: {name}.{block}"


def test_seed_and_variant_name_every_path_of_a_run(configuration):
    catalog = configuration(seed=3, variant="wide")["catalog"]
    of_all_runs = ("finished_", "out_of_fold", "leaderboard", "{run}.test_ledger")
    for name, entry in catalog.items():
        path = entry.get("filepath") or ""
        if not name.startswith(of_all_runs) and path.startswith(("data/05", "data/06", "data/07", "data/08")):
            assert "-wide/seed3/" in f"{path}/", name
    assert catalog["{run}.history"]["filepath"] == "data/07_model_output/test/{run}-wide/seed3/history.csv"


@pytest.mark.parametrize("given", [{}, {"ingestion": {"size": 64, "resize": "pad"}}])
def test_the_folder_of_the_packed_images_says_how_they_were_packed(configuration, given):
    found = configuration(**given)
    options = found["parameters"]["ingestion"]
    assert f"/{options['size']}px-{options['resize']}/" in found["catalog"]["packed@recipe"]["filepath"]


def test_no_environment_sets_the_size_where_the_catalog_cannot_see_it(project, configuration):
    for env in environments(project / "conf"):
        found = configuration(env)
        options = found["parameters"]["ingestion"]
        folder = found["catalog"]["packed@recipe"]["filepath"]
        assert f"/{options['size']}px-{options['resize']}/" in folder, f"set size and resize in conf/{env}/globals.yml"


@pytest.mark.parametrize("method", list(METHODS))
def test_no_method_mirrors_a_digit_or_turns_it_upside_down(method, configuration):
    block = configuration("mnist", source="none")["parameters"][method]
    policies = [block["augment"], block["copies"]["policy"], block.get("augment_unlabeled") or []]
    for operation in (one for policy in policies for one in policy):
        assert operation["name"] not in ("square", "horizontal_flip", "vertical_flip"), operation
        assert max(map(abs, operation.get("degrees", [0]))) < 90
    assert block["average_d4"] is False


def conf(tmp_path: Path) -> dict:
    """Options of a loader of two environments that share blocks."""
    for name, text in {"base": "a: {b: 1, c: [1, 2]}\nd: ${a.b}\n", "other": "a: {c: [3]}\n_hidden: 2\n"}.items():
        (tmp_path / name).mkdir()
        for key in ("parameters", "catalog"):
            (tmp_path / name / f"{key}.yml").write_text(text)
    strategy = {"parameters": "soft", "catalog": "soft"}
    return {"conf_source": str(tmp_path), "base_env": "base", "env": "other", "merge_strategy": strategy}


def test_blocks_are_merged_as_kedro_merges_them(tmp_path):
    options = conf(tmp_path)
    for key in ("parameters", "catalog"):
        assert ConfigLoader(**options)[key] == OmegaConfigLoader(**options)[key]


def test_a_change_of_what_was_read_reaches_no_later_reader(tmp_path):
    loader = ConfigLoader(**conf(tmp_path))
    loader["parameters"]["a"]["c"].append(9)
    assert loader["parameters"]["a"]["c"] == [3]


def test_parameters_given_later_and_keys_set_are_seen(tmp_path):
    loader = ConfigLoader(**conf(tmp_path))
    assert loader["parameters"]["d"] == 1
    loader.runtime_params = {"a": {"b": 5}}
    assert loader["parameters"]["d"] == 5
    loader["parameters"] = {"a": 3}
    assert loader["parameters"] == {"a": 3}


def test_each_loader_has_its_own_globals(tmp_path):
    loaders = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        loader = OmegaConfigLoader if name == "another" else ConfigLoader
        options = conf(tmp_path / name)
        (tmp_path / name / "base" / "globals.yml").write_text(f"dataset: {name}\n")
        (tmp_path / name / "base" / "catalog.yml").write_text("e: ${globals:dataset}\n")
        loaders.append(loader(**options))
    assert loaders[0]["catalog"]["e"] == "one"
