"""What holds for the whole repository: style, types, the direction of imports, and what may lie at the top."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

TOP = {"conf", "src", "data", "notebooks", "docs", "tests", "pyproject.toml", "README.md", "LICENSE"}


def tool(name: str) -> str:
    """The command of this environment, whether or not it is on the PATH."""
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize(
    "command",
    [
        [tool("ruff"), "check", "."],
        [tool("ruff"), "format", "--check", "."],
        [tool("mypy")],
        [tool("lint-imports")],
    ],
    ids=["lint", "format", "types", "imports"],
)
def test_the_source_passes(project, command):
    result = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr


def tracked(project: Path) -> list[Path]:
    """Files that git keeps."""
    if not (project / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True)
    return [project / name for name in listed.stdout.split("\0") if name and (project / name).is_file()]


def test_nothing_else_lies_at_the_top(project):
    names = {path.relative_to(project).parts[0] for path in tracked(project)}
    assert {name for name in names if not name.startswith(".")} <= TOP


def test_git_keeps_only_the_folders_of_data(project):
    inside = [path for path in tracked(project) if path.relative_to(project).parts[0] == "data"]
    assert {path.name for path in inside} == {".gitkeep"}


def every_subclass(model: type) -> list[type]:
    direct = model.__subclasses__()
    return direct + [further for child in direct for further in every_subclass(child)]


def parameter_models() -> list[type]:
    """All that is set in conf/base/parameters, whichever module its model is in."""
    import importlib
    import pkgutil

    import nevus
    from nevus.contracts import Options

    packages = ("algorithms", "objectives")
    for module in pkgutil.walk_packages(nevus.__path__, "nevus."):
        if module.name.endswith(("options", "params")) or module.name.split(".")[1] in packages:
            importlib.import_module(module.name)
    inside = ("nevus.hooks.", "tests.")  # conf/base/mlflow.yml has a model of its own
    return [model for model in every_subclass(Options) if not model.__module__.startswith(inside)]


def test_no_defaults_hide_in_the_parameter_models():
    """Default values live in conf/base/parameters alone."""
    always = {"probability"}  # of an operation of a policy: 1 is no choice that somebody would look up
    for model in parameter_models():
        for field, info in model.model_fields.items():
            assert info.is_required() or field in always, f"{model.__name__}.{field} has a default"


def test_every_parameter_is_explained():
    from nevus.contracts import Options

    models = parameter_models()
    assert len(models) >= 20
    for model in models:
        documented = "\n".join(base.__doc__ or "" for base in model.__mro__ if issubclass(base, Options))
        formats = get_args(model.model_fields["format"].annotation) if "format" in model.model_fields else ()
        for field in set(model.model_fields) - set(formats[1:]):  # one block a reader, explained by the first
            assert re.search(rf"^\s+{field}: ", documented, re.MULTILINE), f"{model.__name__}.{field}"


def test_telemetry_is_off():
    import nevus.settings

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert "kedro-telemetry" in nevus.settings.DISABLE_HOOKS_FOR_PLUGINS
