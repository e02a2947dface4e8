"""What a run gives to MLflow, step by step; and as a file, from which a run can be tracked later."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from nevus.contracts import NevusError
from nevus.hooks.headers import Header
from nevus.hooks.points import Point
from nevus.hooks.store import RunStore, create_runs, is_lost
from nevus.io.atomic import replacing
from nevus.tracking.causes import brief
from nevus.tracking.experiment import Target

logger = logging.getLogger(__name__)

VERSION = 1


class Step(NamedTuple):
    """A call of one of the methods of `RunStore`.

    Attributes:
        method: Its name.
        arguments: Texts, numbers, None, paths, points or a header.
    """

    method: str
    arguments: tuple[Any, ...]

    def __call__(self, run: RunStore) -> None:
        """Carry it out on a run."""
        getattr(run, self.method)(*self.arguments)


@dataclass(frozen=True)
class Journal:
    """The runs of one call.

    Attributes:
        target: Where they should have been kept.
        headers: What each run starts with, by a key; parents first.
        steps: What was done, in order, each with the key of its run.
    """

    target: Target
    headers: Mapping[str, Header]
    steps: Sequence[tuple[str, Step]]

    def write(self, path: Path) -> None:
        """Write the journal as JSON; files are noted by their path and their checksum.

        Raises:
            OSError: It cannot be written.
        """
        content = {
            "version": VERSION,
            "target": asdict(self.target),
            "headers": {key: asdict(header) for key, header in self.headers.items()},
            "steps": [[key, step.method, [_written(value) for value in step.arguments]] for key, step in self.steps],
        }
        with replacing(path) as beside:
            beside.write_text(json.dumps(content), encoding="utf-8")


def replay(journal: Journal, target: Target) -> RunStore:
    """Track the runs of a journal.

    Args:
        journal: Of runs that could not be tracked when they ran.
        target: Where they shall be kept.

    Returns:
        The first run.

    Raises:
        Exception: Whatever makes the store unusable; `nevus.tracking.causes` puts it in words.
    """
    runs = create_runs(target, journal.headers)
    for key, step in journal.steps:
        try:
            step(runs[key])
        except Exception as error:
            if is_lost(error):
                raise
            logger.warning("MLflow did not take a part of this run: %s", brief(error))
    return next(iter(runs.values()))


def read_journal(path: Path) -> Journal:
    """Read a journal. Steps whose file is no longer what the run made are left out, with a warning.

    Raises:
        NevusError: The file is not a journal.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ValueError(f"its version is {content['version']}, not {VERSION}")
        headers = {key: Header(**header) for key, header in content["headers"].items()}
        steps = [(key, _step(method, values)) for key, method, values in content["steps"]]
        target = Target(**content["target"])
    except (ValueError, KeyError, TypeError) as error:
        raise NevusError(
            f"{path} is not the record of an untracked run of this version of nevus: {error}. Give the file that the "
            "last lines of that run name."
        ) from error
    return Journal(target, headers, [(key, step) for key, step in steps if step is not None])


def _written(value: Any) -> Any:
    if isinstance(value, Path):
        return {"path": str(value), "sha256": checksum(value)}
    if isinstance(value, Header):
        return {"header": asdict(value)}
    return value


def _step(method: str, values: list[Any]) -> Step | None:
    arguments: list[Any] = []
    for value in values:
        if isinstance(value, list):
            arguments.append([Point(*point) for point in value])
        elif isinstance(value, dict) and "header" in value:
            arguments.append(Header(**value["header"]))
        elif isinstance(value, dict):
            path = Path(value["path"])
            if checksum(path) != value["sha256"]:
                logger.warning("%s is no longer what that run made, so it is left out.", path)
                return None
            arguments.append(path)
        else:
            arguments.append(value)
    return Step(method, tuple(arguments))


def checksum(path: Path) -> str | None:
    """SHA-256 of a file, or of the names and the contents of a folder; None where there is neither."""
    if not path.exists():
        return None
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(path).as_posix()}\0{content}\0".encode())
    return digest.hexdigest()
