"""Which runs a sweep is made of, and what they are called."""

import pytest

from nevus.contracts import NevusError
from nevus.hooks.parameters import VARIANT
from nevus.sweep.points import BUDGET, Axis, Setting, nested, points_of, short, variant_of


def setting(name: str, text: str) -> Setting:
    return Setting(name, text, text, text)


def axis(name: str, *texts: str) -> Axis:
    return Axis(name, tuple(setting(name, text) for text in texts))


CONFIDENCE = axis("fixmatch.algorithm.confidence", "0.8", "0.95")


def test_all_combinations_are_run_and_a_pipeline_varies_only_what_it_reads():
    unread = {"supervised": {CONFIDENCE.name, "fixmatch.loop.steps"}, "fixmatch": set()}
    fixed = [setting("fixmatch.loop.steps", "9")]
    points = points_of(["supervised", "fixmatch"], [0, 1], [axis(BUDGET, "5", "9"), CONFIDENCE], fixed, unread, None)
    assert [point.name for point in points if point.seed == 0] == [
        "supervised-budget_5/seed0",
        "supervised-budget_9/seed0",
        "fixmatch-budget_5-confidence_0.8/seed0",
        "fixmatch-budget_5-confidence_0.95/seed0",
        "fixmatch-budget_9-confidence_0.8/seed0",
        "fixmatch-budget_9-confidence_0.95/seed0",
    ]
    assert [point.seed for point in points] == [0] * 6 + [1] * 6
    assert points[0].given == {"splits": {"label_budget": "5"}, "seed": 0, "variant": "budget_5"}
    assert points[2].arguments == [
        "--pipeline=fixmatch",
        *("--params", "fixmatch.loop.steps=9"),
        *("--params", "splits.label_budget=5"),
        *("--params", "fixmatch.algorithm.confidence=0.8"),
        *("--params", "seed=0"),
        *("--params", "variant=budget_5-confidence_0.8"),
    ]


def test_where_nothing_is_varied_the_run_is_the_one_that_kedro_run_makes():
    (point,) = points_of(["ssgan"], [3], [], [], {"ssgan": set()}, None)
    assert point.name == "ssgan/seed3"
    assert point.arguments == ["--pipeline=ssgan", "--params", "seed=3"]


def test_the_variant_given_stands_in_front():
    points = points_of(["ssgan"], [0], [axis(BUDGET, "5")], [], {"ssgan": set()}, "wide")
    assert points[0].name == "ssgan-wide-budget_5/seed0"


@pytest.mark.parametrize(
    "texts",
    [
        ["0.8"],
        ["-1"],
        ["[8, 16]"],
        ["${networks.small_cnn}"],
        ["a b/c\\d:e"],
        ["ö"],
        ["null", "true"],
        ["x" * 200],
        ["1e-3"] * 9,
    ],
)
def test_every_value_makes_a_name_that_a_run_may_have(texts):
    varied = [setting(f"ssgan.generator.part{number}.width", text) for number, text in enumerate(texts)]
    variant = variant_of(None, varied)
    assert variant is not None
    assert VARIANT.fullmatch(variant)


def test_long_names_that_differ_at_the_end_stay_apart():
    names = {variant_of("wide", [setting("a.b", "x" * 80 + end)]) for end in "yz"}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("names", "ends"),
    [
        (["ssgan.generator.width"], ["width"]),
        (["ssgan.generator.width", "ssgan.network.width"], ["generator.width", "network.width"]),
        (["a.width", "b.a.width"], ["a.width", "b.a.width"]),
        ([BUDGET, "x.label_budget"], ["budget", "x.label_budget"]),
    ],
)
def test_a_parameter_is_called_by_the_end_that_no_other_one_has(names, ends):
    assert list(short(names).values()) == ends


@pytest.mark.parametrize(
    ("seeds", "axes", "pipelines"),
    [
        ([0, 0], [], ["ssgan"]),
        ([0], [], ["ssgan", "ssgan"]),
        ([0], [axis("ssgan.x", "0.8", "0.8")], ["ssgan"]),
        ([0], [axis("ssgan.x", "a/b", "a:b")], ["ssgan"]),
        ([0], [axis("ssgan.x", "A", "a")], ["ssgan"]),  # one folder on some disks
    ],
)
def test_two_points_of_one_name_are_refused(seeds, axes, pipelines):
    with pytest.raises(NevusError, match=r"two points would be the run ssgan.*seed 0"):
        points_of(pipelines, seeds, axes, [], {"ssgan": set()}, None)


def test_a_block_and_what_is_in_it_are_put_together():
    given = [Setting("a.b", "", {"c": 1, "d": 2}, ""), Setting("a.b.d", "", 3, ""), Setting("e", "", None, "")]
    assert nested(given) == {"a": {"b": {"c": 1, "d": 3}}, "e": None}
