import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nevus.corpus.fingerprint import code_fingerprint, fingerprint


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    folder = tmp_path / "fingerprinted_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "one.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(folder.name)
    yield module
    sys.modules.pop(folder.name)


def test_equal_parts_have_equal_fingerprints() -> None:
    assert fingerprint("a", 1, {"b": 2, "c": [None]}) == fingerprint("a", 1, {"c": [None], "b": 2})


@pytest.mark.parametrize("other", [("ab",), ("a", "b", ""), ("b", "a"), (["a", "b"],), ("a", 1), ()])
def test_other_parts_have_other_fingerprints(other: tuple) -> None:
    assert fingerprint(*other) != fingerprint("a", "b")


def test_fingerprint_is_the_same_in_every_process() -> None:
    assert fingerprint("nevus", 1) == "98d6f743684e1dd742425190ea3c4fefe9b9ef2ca7e34327da8f7ab4f3711533"


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        fingerprint(object())


def test_changed_code_is_noticed(package: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "fingerprinted_package"
    module = importlib.import_module("fingerprinted_package.one")
    before = code_fingerprint(package), code_fingerprint(module)
    assert before == (code_fingerprint(package), code_fingerprint(module))
    (folder / "one.py").write_text("x = 2\n")
    assert code_fingerprint(package) != before[0]
    assert code_fingerprint(module) != before[1]


def test_new_module_of_a_package_is_noticed(package: ModuleType, tmp_path: Path) -> None:
    before = code_fingerprint(package)
    (tmp_path / "fingerprinted_package" / "two.py").write_text("")
    assert code_fingerprint(package) != before
