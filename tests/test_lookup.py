import pytest

from nevus.algorithms.base import Algorithm
from nevus.contracts import NevusError
from nevus.lookup import checked_options, find, names
from nevus.objectives.base import Objective

PACKAGES = {"nevus.algorithms": Algorithm, "nevus.objectives": Objective}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_of_the_package_defines_one_class_with_its_own_options(package):
    assert names(package)
    for name in names(package):
        found = find(package, name)
        assert issubclass(found, PACKAGES[package])
        assert found.__module__ == f"{package}.{name}"
        assert found.Options.model_fields["name"].is_required()


def test_an_algorithm_declares_views_that_there_are():
    for name in names("nevus.algorithms"):
        assert set(find("nevus.algorithms", name).views) <= {"weak", "strong"}


@pytest.mark.parametrize("name", ["fixmach", "base", "os.path", "../x", "", "None"])
def test_a_name_that_there_is_not_is_refused_with_those_there_are(name):
    with pytest.raises(NevusError, match="supervised"):
        find("nevus.algorithms", name)


def test_a_block_without_a_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="semi_supervised"):
        checked_options("nevus.objectives", {"unlabeled_weight": 1.0})
