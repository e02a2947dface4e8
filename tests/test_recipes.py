"""Every file of conf/recipes is a command that works, tried with a tiny budget."""

from pathlib import Path

import pytest
import yaml

from nevus.cli.params import from_block
from nevus.hooks.places import environments
from nevus.pipelines.methods import METHODS
from tests.hooks.test_effect import check
from tests.pipelines.conftest import *  # noqa: F403  the small corpus of drawings

CONF = Path(__file__).parents[1] / "conf"
RECIPES = sorted((CONF / "recipes").glob("*.yml"))
recipes = pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)


def recipe(file: Path) -> dict:
    return yaml.safe_load(file.read_text(encoding="utf-8"))["run"]


def test_there_are_recipes_and_they_are_no_environment():
    assert len(RECIPES) > 10
    assert "recipes" not in environments(CONF)
    assert {"base", "test", "melanoma", "local"} <= set(environments(CONF))


@recipes
def test_all_that_a_recipe_sets_has_an_effect(file, tmp_path):
    run = recipe(file)
    check(from_block({**run["params"], "source": str(tmp_path)}), run["pipeline"], run["env"])


@recipes
def test_a_recipe_trains(file, training, configuration):
    """Two steps of two small images, from random weights."""
    run = recipe(file)
    given = from_block(run["params"])
    given[run["pipeline"]].setdefault("loop", {}).update({"steps": 2, "labeled_batch": 2, "threads": 1})
    block = configuration(run["env"], source="none", **given)["parameters"][run["pipeline"]]
    block["network"] |= {"resize": 32} | ({"weights": None} if "weights" in block["network"] else {})
    family = METHODS[run["pipeline"]].family
    params = family.params.model_validate(block)
    learner = family.learner(training, params, 0)
    first = learner.step(0)["labeled_loss"]
    assert first.isfinite()
    assert learner.step(1)["labeled_loss"] != first
    assert params.loop.steps == 2


def test_a_recipe_is_named_once_and_says_what_it_is():
    variants = [recipe(file)["params"]["variant"] for file in RECIPES]
    assert len(set(variants)) == len(variants)
    assert all(file.read_text(encoding="utf-8").startswith("# ") for file in RECIPES)
