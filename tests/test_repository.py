"""What holds for the whole repository: style, types, the direction of imports, and what may lie at the top."""

import os
import re
import subprocess
import sys
from pathlib import Path

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


def test_no_defaults_hide_in_the_parameter_models(project):
    """Default values live in conf/base/parameters alone."""
    import importlib

    from nevus.contracts import Options

    for file in [*(project / "src").rglob("*options.py"), *(project / "src").rglob("params.py")]:
        importlib.import_module(".".join(file.relative_to(project / "src").with_suffix("").parts))
    models = [model for model in every_subclass(Options) if model.__module__.endswith(("options", "params"))]
    assert len(models) >= 8
    for model in models:
        for field, info in model.model_fields.items():
            assert info.is_required(), f"{model.__name__}.{field} has a default"


def test_every_parameter_is_explained():
    from nevus.pipelines.ssgan.params import SsganParams
    from nevus.pipelines.supervised.params import ClassifierParams

    for model in (SsganParams, ClassifierParams):
        for field in model.model_fields:
            assert re.search(rf"^\s+{field}: ", model.__doc__ or "", re.MULTILINE), f"{model.__name__}.{field}"


def test_telemetry_is_off():
    import nevus.settings

    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert "kedro-telemetry" in nevus.settings.DISABLE_HOOKS_FOR_PLUGINS
