"""Where a run comes from: its parameters, its code and its process."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True)
class Header:
    """What a run starts with.

    Attributes:
        name: Shown in the list of runs.
        tags: Method, dataset, seed, code and process.
        params: Flat parameters.
        started: Milliseconds since 1970.
    """

    name: str
    tags: dict[str, str]
    params: dict[str, str]
    started: int


def describe_run(
    run_params: Mapping[str, Any], inputs: Iterable[str], parameters: Mapping[str, Any], dataset: str | None
) -> Header:
    """Name, tags and parameters of a run.

    Args:
        run_params: As Kedro hands them to `before_pipeline_run`.
        inputs: Names of the pipeline's free inputs; `params:ssgan.steps` brings in the whole group `ssgan`.
        parameters: The project's parameters by group, validated models or plain values.
        dataset: Name of the data set; None takes the name of the configuration environment.
    """
    groups = used_groups(inputs, parameters)
    params = flatten({group: parameters[group] for group in groups if group in parameters})
    params = flatten(run_params.get("runtime_params") or {}) | params
    method = "+".join(sorted(run_params.get("pipeline_names") or ["__default__"]))
    seed = find_seed(params, method)
    env = run_params.get("env")
    env = env if env and env != "local" else "base"
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    name = f"{method.strip('_')}-seed{seed}" if seed is not None else method.strip("_")
    tags = {
        "method": method,
        "dataset": dataset or env,
        "env": env,
        "command": command,
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "pid_started": process_start(os.getpid()) or "",
        "mlflow.runName": name,
        "mlflow.user": _user(),
        "mlflow.source.name": Path(sys.argv[0]).name,
        "mlflow.source.type": "LOCAL",
        **({"seed": seed} if seed is not None else {}),
        **_git_tags(Path(run_params.get("project_path") or ".")),
    }
    return Header(name, tags, params, int(time.time() * 1000))


def used_groups(inputs: Iterable[str], parameters: Mapping[str, Any]) -> list[str]:
    """Top-level parameter groups behind the names of a pipeline's inputs, sorted."""
    names = set(inputs)
    if "parameters" in names:
        return sorted(parameters)
    return sorted({name.removeprefix("params:").partition(".")[0] for name in names if name.startswith("params:")})


def flatten(value: Any, path: str = "") -> dict[str, str]:
    """Nested dictionaries and models as `{"ssgan.generator.width": "64"}`; an empty one leaves nothing."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    elif is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if not isinstance(value, Mapping):
        return {path: str(value)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= flatten(inner, f"{path}.{key}" if path else str(key))
    return flat


def find_seed(params: Mapping[str, str], method: str) -> str | None:
    """The value of the outermost `*.seed`, the method's own group first."""
    keys = [key for key in params if key.endswith(".seed")]
    best = min(keys, key=lambda key: (not key.startswith(f"{method}."), key.count("."), key), default=None)
    return None if best is None else params[best]


def process_start(pid: int) -> str | None:
    """When a process started, in ticks since boot ("" where that cannot be told), or None if there is none.

    A process id alone is not enough: ids are used again, soon in a container.
    """
    stat = Path(f"/proc/{pid}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            # The second field is the command in parentheses and may hold anything; the start time is the 22nd.
            return stat.read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return None
    if sys.platform == "win32":  # signal 0 would reach the process there
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        return ""
    return ""


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
