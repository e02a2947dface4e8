from dataclasses import dataclass

from pydantic import BaseModel

from nevus.hooks.headers import Header, flatten, used_groups, with_record
from nevus.hooks.planned import PlannedRun


class Inner(BaseModel):
    width: int
    taps: tuple[int, ...]


@dataclass
class Outer:
    rate: float


def test_models_dataclasses_and_dictionaries_become_flat() -> None:
    found = flatten({"ssgan": {"net": Inner(width=8, taps=(1, 2)), "optim": Outer(0.1), "resume": None}})

    assert found == {
        "ssgan.net.width": "8",
        "ssgan.net.taps": "[1, 2]",
        "ssgan.optim.rate": "0.1",
        "ssgan.resume": "None",
    }


def test_nested_inputs_bring_in_their_whole_group() -> None:
    assert used_groups(["params:ssgan.steps", "params:reporting", "corpus"], {}) == ["reporting", "ssgan"]
    assert used_groups(["parameters"], {"b": 1, "a": 2}) == ["a", "b"]


def test_a_run_has_the_cost_of_its_network_as_tags() -> None:
    run = PlannedRun(namespace="supervised", group="supervised", trains=True, parent=None)
    record = {"method": "supervised", "seed": 0, "network": {"parameters": 5098, "flops": 1159232}}
    tags = with_record(Header("", {}, {}, 0), run, record).tags
    assert (tags["network_parameters"], tags["network_flops"]) == ("5098", "1159232")
