"""`kedro sweep` as a function."""

from pathlib import Path
from types import SimpleNamespace

from click.testing import CliRunner, Result

from nevus.cli.sweep import sweep


def call(root: Path, *arguments: str) -> Result:
    """What `kedro sweep --env=test --dry-run ARGUMENTS` says in a project."""
    return CliRunner().invoke(sweep, ["--env=test", "--dry-run", *arguments], obj=SimpleNamespace(project_path=root))
