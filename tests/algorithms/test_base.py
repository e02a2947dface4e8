import pytest
from torch import nn

from nevus.algorithms.base import Algorithm, algorithm_class, algorithm_names
from nevus.contracts import NevusError


def test_every_module_of_the_package_defines_one_algorithm_under_its_own_options():
    assert "supervised" in algorithm_names()
    for name in algorithm_names():
        found = algorithm_class(name)
        assert issubclass(found, nn.Module)
        assert found.__module__ == f"nevus.algorithms.{name}"
        assert found.Options.model_fields["name"].is_required()
        assert set(found.views) <= {"weak", "strong"}
        assert found.forward is not Algorithm.forward


@pytest.mark.parametrize("name", ["fixmach", "base", "os.path", "../x", "", "None"])
def test_a_name_that_is_no_algorithm_is_refused_with_those_there_are(name):
    with pytest.raises(NevusError, match="supervised"):
        algorithm_class(name)
