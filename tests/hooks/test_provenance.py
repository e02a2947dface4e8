import os
import subprocess
import sys
from dataclasses import dataclass

from pydantic import BaseModel

from nevus.hooks.provenance import find_seed, flatten, process_start, used_groups


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


def test_the_seed_of_the_method_itself_wins() -> None:
    params = {"ingestion.seed": "9", "ssgan.views.seed": "8", "ssgan.seed": "3"}

    assert find_seed(params, "ssgan") == "3"
    assert find_seed(params, "reporting") == "9"
    assert find_seed({"ssgan.seeds": "1"}, "ssgan") is None


def test_a_process_that_has_ended_has_no_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    assert process_start(child.pid) is None
    assert process_start(os.getpid()) is not None
