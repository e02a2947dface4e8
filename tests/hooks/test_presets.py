"""Networks by name: a method takes a whole block over, and one for a run may be another one."""

from pathlib import Path

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from nevus.cli.params import parse
from nevus.contracts import NevusError
from tests.hooks.test_effect import check

ROOT = Path(__file__).parents[2]
SWAP = "supervised.network=${networks.small_cnn}"


def parameters(*given: str) -> dict:
    bootstrap_project(ROOT)
    with KedroSession.create(ROOT, env="test", runtime_params=parse(list(given))) as session:
        return session.load_context().config_loader["parameters"]


def test_a_method_takes_over_the_named_block_as_the_environment_has_it():
    found = parameters()
    assert found["labeled_only"]["network"] == found["ssgan"]["network"] == found["networks"]["preactivation"]
    assert found["networks"]["preactivation"]["widths"] == [8, 16]
    assert found["supervised"]["loop"] == found["loops"]["supervised"]
    assert found["supervised"]["loop"]["steps"] == 20


def test_another_network_is_taken_over_as_a_whole_and_only_where_it_is_asked_for():
    found = parameters(f"{SWAP},networks.small_cnn.width=12")
    assert found["supervised"]["network"] == found["networks"]["small_cnn"]
    assert found["supervised"]["network"]["width"] == 12
    assert found["classifier"]["network"] == found["ssgan"]["network"] == found["networks"]["preactivation"]


def test_one_value_of_a_block_taken_over_is_changed_in_the_block_alone():
    found = parameters("classifier.network.blocks=2")
    assert found["labeled_only"]["network"] == {**found["networks"]["preactivation"], "blocks": 2}


@pytest.mark.parametrize("text", [SWAP, f"{SWAP},networks.small_cnn.width=12", "networks.preactivation.blocks=2"])
def test_a_network_that_the_run_reads_may_be_changed(text):
    check(parse([text]), "supervised")


def test_a_network_that_no_method_of_the_run_has_may_not_be_changed():
    with pytest.raises(
        NevusError, match=r"networks\.small_cnn\.width: .*'supervised\.network=\$\{networks\.small_cnn\}'"
    ):
        check(parse(["networks.small_cnn.width=12"]), "supervised")


def test_an_optimizer_that_another_method_has_names_the_method():
    with pytest.raises(NevusError, match=r"optimizers\.generator\.beta1: .* give --pipeline: ssgan"):
        check(parse(["optimizers.generator.beta1=0.9"]), "supervised")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("supervised.network=${networks.smal_cnn}", "did you mean 'small_cnn'? It is set in --params. Known: residual"),
        ("supervised.network=${network.small_cnn}", "there is no parameter 'network.small_cnn'"),
        (
            f"{SWAP},networks.small_cnn.wdth=3",
            "networks.small_cnn.wdth: there is no such parameter; did you mean 'width'?",
        ),
        ("networks.mine.kind=small_cn", "networks.mine.kind: there is no 'small_cn'; did you mean 'small_cnn'"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest_one(text, said):
    with pytest.raises(NevusError) as caught:
        parameters(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(("option", "block"), [("generator", "generators.style"), ("critic", "critics.r3gan")])
def test_networks_of_a_gan_are_taken_over_and_told_the_class_where_the_synthesis_is(option, block):
    text = f"synthesis.{option}=${{{block}}},synthesis.conditional=true,{block}.width=16"
    group, name = block.split(".")
    found = parameters(text)
    assert found["synthesis"][option] == found[group][name]
    assert (found["synthesis"][option]["width"], found["synthesis"][option]["conditional"]) == (16, True)
    check(parse([text]), "synthesis")


def test_a_generator_that_nothing_takes_over_may_not_be_changed():
    with pytest.raises(NevusError, match=r"generators\.style\.width: .*'synthesis\.generator=\$\{generators\.style\}'"):
        check(parse(["generators.style.width=16"]), "synthesis")
