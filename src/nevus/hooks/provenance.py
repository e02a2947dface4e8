"""Where a run comes from: its code, its command and its process."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nevus.tracking.process import process_start

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

DEFAULT = "__default__"


def call_tags(run_params: Mapping[str, Any], pipeline: Pipeline, registered: Mapping[str, Pipeline]) -> dict[str, str]:
    """Tags that all runs of one call share.

    Args:
        run_params: As Kedro hands them to `before_pipeline_run`.
        pipeline: What runs, perhaps a part of what was asked for.
        registered: The project's pipelines by name.
    """
    name, scope = call_scope(run_params.get("pipeline_names") or [DEFAULT], pipeline, registered)
    env = run_params.get("env")
    program = Path(sys.argv[0]).name
    return {
        "pipeline": name,
        **({"scope": scope} if scope else {}),
        "env": env if env and env != "local" else "base",
        "command": shlex.join([program, *sys.argv[1:]]),
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "pid_started": process_start(os.getpid()) or "",
        "mlflow.user": _user(),
        "mlflow.source.name": program,
        "mlflow.source.type": "LOCAL",
        **_git_tags(Path(run_params.get("project_path") or ".")),
    }


def call_scope(names: list[str], pipeline: Pipeline, registered: Mapping[str, Pipeline]) -> tuple[str, str | None]:
    """The name of what was asked for, and whether all of it runs.

    Args:
        names: Of pipelines; the default one is called by the name that it has besides.
        pipeline: What runs.
        registered: The project's pipelines by name.

    Returns:
        Names joined by "+", and "whole", "partial", or None where a pipeline is not registered.
    """
    nodes = {name: {node.name for node in registered[name].nodes} for name in registered}
    if names == [DEFAULT]:
        twins = (name for name in sorted(nodes) if name != DEFAULT and nodes[name] == nodes.get(DEFAULT))
        names = [next(twins, DEFAULT)]
    shown = "+".join(sorted(names)).strip("_")
    if not all(name in nodes for name in names):
        return shown, None
    wanted = set().union(*(nodes[name] for name in names))
    return shown, "whole" if {node.name for node in pipeline.nodes} >= wanted else "partial"


def _git_tags(project: Path) -> dict[str, str]:
    commit = _git(project, "rev-parse", "HEAD")
    if not commit:
        return {}
    dirty = "-dirty" if _git(project, "status", "--porcelain", "--untracked-files=no") else ""
    return {"git_commit": f"{commit}{dirty}", "mlflow.source.git.commit": commit}


def _git(project: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container whose user has no name
        return ""
