"""Commands in messages: those of this run."""

import shlex

import pytest
from kedro.framework.cli.utils import _split_params

from nevus.cli.advice import completed

MESSAGE = "Nothing there. Make it by `kedro run --pipeline=ingestion`."


def command(**options):
    text = completed(MESSAGE, options)
    assert text.startswith("Nothing there. Make it by `kedro run ")
    return shlex.split(text.removeprefix("Nothing there. Make it by `").removesuffix("`."))


def test_a_bare_run_needs_nothing_more():
    assert completed(MESSAGE, {"pipelines": ["tfrecords"], "env": None, "params": {}}) == MESSAGE


def test_environment_and_parameters_are_those_of_the_run():
    given = {"source": "/data/my images, all", "splits": {"label_budget": 5, "test": None}, "seed": 3}
    words = command(pipelines=["tfrecords"], env="ham10000", params=given)
    assert words[:4] == ["kedro", "run", "--pipeline=ingestion", "--env=ham10000"]
    assert words[5] == "source=/data/my images, all,splits.label_budget=5,splits.test=null,seed=3"


def test_parameters_are_read_as_they_were_given():
    given = {"ingestion": {"workers": 0, "image_folder": {"classes": ["a", "b"]}}, "splits": {"label_budget": None}}
    text = command(pipelines=None, env=None, params=given)[4]
    for part, value in (("ingestion.workers", 0), ("splits.label_budget", None)):
        (found,) = [piece for piece in text.split(",") if piece.startswith(part)]
        read = _split_params(None, None, found)
        for name in part.split("."):
            read = read[name]
        assert read == value


@pytest.mark.parametrize("part", ["tags", "node_names", "from_nodes", "namespaces", "to_outputs"])
def test_a_run_of_a_part_needs_the_whole_of_its_pipeline(part):
    words = command(pipelines=["supervised"], env="test", params={"seed": 1}, **{part: ["x"]})
    assert words == ["kedro", "run", "--pipeline=supervised", "--env=test", "--params", "seed=1"]


def test_a_command_that_names_its_environment_stays_as_it_is():
    text = "Make it by `kedro run --pipeline=ingestion --env=ham10000`."
    assert completed(text, {"pipelines": ["relink"], "env": "melanoma", "tags": ["relink"]}) == text


def test_a_file_of_the_environment_is_named_by_the_environment_of_the_run() -> None:
    message = "Set it in conf/<env>/parameters.yml or conf/base/parameters/splits.yml."
    assert completed(message, {}) == message
    assert completed(message, {"env": "image_folder"}) == message.replace("<env>", "image_folder")


def test_a_parameter_of_the_command_line_is_looked_for_there() -> None:
    message = "ingestion.image_folder.classes in conf/<env>/parameters.yml names Benign"
    given = {"ingestion": {"image_folder": {"classes": ["Benign"]}}}
    assert (
        completed(message, {"env": "mine", "params": given})
        == "ingestion.image_folder.classes in --params names Benign"
    )
    other = {"ingestion": {"image_folder": {"size": 3}}}
    assert "classes in conf/mine/parameters.yml" in completed(message, {"env": "mine", "params": other})
