import os
import subprocess
import sys

from kedro.pipeline import Pipeline, node

from nevus.hooks.provenance import call_scope, process_start


def test_a_process_that_has_ended_has_no_start() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    assert process_start(child.pid) is None
    assert process_start(os.getpid()) is not None


def test_a_call_is_named_by_what_the_default_pipeline_is_called_besides() -> None:
    fit, draw = (node(lambda: 1, None, name, name=name) for name in ("fit", "draw"))
    whole, other = Pipeline([fit, draw]), Pipeline([draw])
    registered = {"__default__": whole, "other": other, "ssgan": whole}

    assert call_scope(["__default__"], whole, registered) == ("ssgan", "whole")
    assert call_scope(["ssgan"], whole.filter(node_names=["fit"]), registered) == ("ssgan", "partial")
    assert call_scope(["other", "ssgan"], whole + other, registered) == ("other+ssgan", "whole")
    assert call_scope(["unknown"], whole, registered) == ("unknown", None)
    assert call_scope(["__default__"], whole, {}) == ("default", None)
