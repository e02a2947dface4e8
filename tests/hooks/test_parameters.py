from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Literal

import pytest
from kedro.framework import project
from kedro.pipeline import node, pipeline
from pydantic import Field, ValidationError

from nevus.contracts import NevusError, Options
from nevus.hooks import ParameterHooks
from nevus.hooks.explanations import explain
from nevus.hooks.parameters import check_values
from nevus.hooks.places import Places
from nevus.pipelines.method import create_pipeline


class Generator(Options):
    width: int = Field(ge=4)


class Shallow(Options):
    kind: Literal["shallow"]
    width: int


class Deep(Options):
    kind: Literal["deep"]
    depth: int = Field(le=9)


class Table(Options):
    classes: tuple[str, ...]
    labels: dict[str, str]


class Ssgan(Options):
    steps: int
    generator: Generator
    network: Annotated[Shallow | Deep, Field(discriminator="kind")]


def fit(options: Ssgan) -> int:
    return options.steps


class Loader(dict):
    def __init__(self, conf: Path, parameters: dict, given: dict) -> None:
        super().__init__(parameters=parameters)
        self.conf_source, self.env, self.base_env, self.runtime_params = str(conf), "mnist", "base", given


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Check parameters as a Kedro session would; `ssgan` and `supervised` are the known groups."""
    flow = pipeline([node(fit, "params:ssgan", "steps", name="fit")])
    other = pipeline([node(lambda lr: lr, "params:supervised.lr", "rate", name="other")])
    registry = project._ProjectPipelines()
    registry._content, registry._is_data_loaded = {"ssgan": flow, "supervised": other}, True
    monkeypatch.setattr(project, "pipelines", registry)
    conf = tmp_path / "conf"
    (conf / "base" / "parameters").mkdir(parents=True)
    (conf / "mnist").mkdir()
    (conf / "base" / "parameters" / "ssgan.yml").write_text("ssgan: {steps: 1, generator: {width: 8}}\n")
    (conf / "mnist" / "parameters.yml").write_text("ssgan: {generator: {width: 2}}\n")

    def run(parameters: dict, given: dict | None = None) -> None:
        ParameterHooks().after_context_created(SimpleNamespace(config_loader=Loader(conf, parameters, given or {})))

    return run


NETWORK = {"kind": "deep", "depth": 2}
RIGHT = {"steps": 1, "generator": {"width": 8}, "network": NETWORK}


def test_known_groups_with_right_values_pass(check) -> None:
    check({"ssgan": RIGHT, "supervised": {"lr": 0.1}, "source": "somewhere.zip"})


def test_a_misspelt_group_is_refused_with_the_closest_known_one(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": RIGHT, "ssagn": {"steps": 5}}, given={"ssagn": {"steps": 5}})

    message = str(caught.value)
    assert "'ssagn'" in message
    assert "did you mean 'ssgan'" in message
    assert "--params" in message
    assert "supervised" in message


def test_the_last_part_of_a_name_alone_is_refused_with_the_whole_name(check) -> None:
    with pytest.raises(NevusError, match=r"no parameter group 'width'.* There is ssgan\.generator\.width\."):
        check({"ssgan": RIGHT, "width": 5}, given={"width": 5})


@pytest.mark.parametrize(("given", "meant"), [("Source", "source"), ("sead", "seed"), ("varient", "variant")])
def test_a_misspelt_parameter_of_the_run_itself_is_refused_with_the_right_one(check, given: str, meant: str) -> None:
    with pytest.raises(NevusError, match=f"did you mean '{meant}'"):
        check({"ssgan": RIGHT, given: "x"}, given={given: "x"})


def test_a_wrong_type_is_refused_with_what_was_found_and_where_it_was_set(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": RIGHT | {"steps": "many"}})

    message = str(caught.value)
    assert "ssgan.steps: 'many' (str)" in message
    assert "integer" in message
    assert "conf/base/parameters/ssgan.yml" in message


def test_a_value_out_of_range_names_the_environment_that_set_it(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": RIGHT | {"generator": {"width": 2}}})

    message = str(caught.value)
    assert "ssgan.generator.width: 2 (int)" in message
    assert "greater than or equal to 4" in message
    assert "conf/mnist/parameters.yml" in message


def test_a_misspelt_parameter_is_refused_with_its_neighbours(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": {"steps": 1, "generator": {"width": 8, "widht": 8}}})

    assert "ssgan.generator.widht" in str(caught.value)
    assert "did you mean 'width'" in str(caught.value)


def test_parameters_of_one_kind_are_named_as_they_stand_in_the_file(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": RIGHT | {"network": {"kind": "deep", "depth": 10, "dephts": 2}}})

    assert "ssgan.network.depth: 10" in str(caught.value)
    assert "ssgan.network.dephts: there is no such parameter; did you mean 'depth'?" in str(caught.value)
    assert "Known: depth, kind." in str(caught.value)


def test_an_unknown_kind_is_refused_with_the_known_ones(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": RIGHT | {"network": {"kind": "wide"}}})

    assert "ssgan.network.kind: there is no 'wide'. It may be 'shallow', 'deep'. It is set in" in str(caught.value)


def test_what_yaml_took_for_something_else_is_told_how_to_write_it() -> None:
    places = Places(Path("conf"), ["base"], {})
    with pytest.raises(ValidationError) as caught:
        Table.model_validate({"classes": "a,b", "labels": {True: "a", "x": False}})
    said = [explain(("table",), Table, detail, places) for detail in caught.value.errors()]
    assert "in brackets, such as [a, b]" in said[0]
    assert said[1].startswith("a name in table.labels: True")
    assert all("put it in quotes" in text for text in said[1:])
    assert len(said) == 3


def test_all_problems_are_named_at_once(check) -> None:
    with pytest.raises(NevusError) as caught:
        check({"ssgan": {"steps": 1.5, "generator": {}}})

    assert "ssgan.steps" in str(caught.value)
    assert "ssgan.generator.width: missing" in str(caught.value)


def test_the_place_of_a_parameter_that_nobody_set_is_where_it_belongs(tmp_path: Path) -> None:
    assert Places(tmp_path / "conf", ["base"], {}).find(("ssgan", "steps")) == "conf/base/parameters/ssgan.yml"


@pytest.mark.parametrize(
    ("method", "block", "option", "near"),
    [
        ("fixmatch", "algorithm", "confidense", "confidence"),
        ("ssgan", "objective", "unlabeled_wieght", "unlabeled_weight"),
    ],
)
def test_options_of_what_a_name_chooses_are_known_too(configuration, method, block, option, near) -> None:
    parameters = configuration("test")["parameters"]
    parameters[method][block][option] = 1.0
    with pytest.raises(
        NevusError, match=rf"{method}\.{block}\.{option}: .* did you mean '{near}'\? .* Known: .*{near}"
    ):
        check_values(parameters, {method: create_pipeline(method)}, Places(Path("conf"), ["base"], {}))
