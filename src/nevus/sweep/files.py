"""Where the runs of a sweep have their files, which of them are done, and what they reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nevus.hooks.completion import read_by, read_note
from nevus.hooks.planned import BASELINE
from nevus.sweep.checks import registered
from nevus.sweep.points import COMPARISON

if TYPE_CHECKING:
    from nevus.contracts import Table
    from nevus.sweep.ancestry import Ancestry
    from nevus.sweep.points import Point

COSTS = ("training_seconds", "images_per_second", "parameters", "flops")
PATIENCE = 60.0  # seconds that the runs of a sweep that was killed may take to end


@dataclass(frozen=True)
class Files:
    """The folders of a sweep and of its runs.

    Attributes:
        root: The project's folder.
        dataset: Name of the data set.
        sweep: Name of the sweep.
    """

    root: Path
    dataset: str
    sweep: str

    @property
    def folder(self) -> Path:
        """Of the sweep's own results."""
        return self.root / "data" / "08_reporting" / self.dataset / "sweeps" / self.sweep

    def log(self, point: Point) -> Path:
        """What a run of the sweep printed."""
        return self.folder / "logs" / f"{point.name.replace('/', '-')}.log"

    def models(self, point: Point) -> Path:
        """The folder of a run's models."""
        return self.root / "data" / "06_models" / self.dataset / point.name

    def digest(self, run: str) -> str | None:
        """Of the weights of a finished run of the data set, by its name; None where there is none."""
        from nevus.io.model import ModelDataset
        from nevus.pipelines.checkpoint_key import digest

        model = ModelDataset(filepath=str(self.root / "data" / "06_models" / self.dataset / run / "model"))
        return digest(model.weights()) if model.exists() else None

    def baseline(self, point: Point) -> Path:
        """The folder of the models of a run's baseline, which a run without one has not."""
        return self.root / "data" / "06_models" / self.dataset / f"{point.pipeline}.{BASELINE}{point.folder}"

    def result(self, point: Point) -> Path:
        """The table of a run's metrics, or of the scores of a cross-validation."""
        name = "summary.csv" if point.pipeline == COMPARISON else "metrics.csv"
        return self.root / "data" / "08_reporting" / self.dataset / point.name / name


def done(files: Files, points: Sequence[Point], loader: Any, ancestry: Ancestry) -> list[Point]:
    """The points whose run has ended as it would now: with its parameters, from these weights, as have its ancestors.

    Args:
        files: Of the sweep.
        points: Of the sweep.
        loader: Of the configuration; it is given the parameters of the points in turn.
        ancestry: Of the points, in the order in which they can run.
    """
    known, by_name, digest_of = registered(), {point.name: point for point in points}, cache(files.digest)
    found: dict[str, None] = {}
    for name, ancestors in ancestry.items():
        point = by_name[name]
        note = read_note(files.models(point))
        if note and files.result(point).is_file() and ancestors.keys() <= found.keys():
            loader.runtime_params = point.given
            if note.get("parameters") == read_by(known[point.pipeline], loader) and not trained_anew(note, digest_of):
                found[name] = None
    return [point for point in points if point.name in found]


def trained_anew(note: Mapping[str, Any], digest_of: Callable[[str], str | None]) -> bool:
    """Whether a run that another one was built on has other weights now; one that is gone has none.

    Args:
        note: Of the other one.
        digest_of: What the weights of a run of this name have now; None where there is none.
    """
    built_on = [runs for places in note.get("ancestors", {}).values() for runs in places.values()]
    return any(digest_of(name) not in (code, None) for runs in built_on for name, code in runs.items())


def corpus_of(point: Point) -> tuple[str, ...]:
    """What a point varies of the packed images: two that pack others into one folder must not run side by side."""
    from nevus.pipelines.ingestion.pipeline import packing

    groups = {name.removeprefix("params:").partition(".")[0] for name in packing().inputs()}
    return tuple(sorted(f"{key}={value}" for key, value in point.columns.items() if key.partition(".")[0] in groups))


def await_others(files: Files, points: Sequence[Point]) -> None:
    """Let runs that a killed sweep has left come to their end; one that does not is refused by the run's own lock."""
    from nevus.locks import BusyError, Lock, await_lent

    for point in points:
        await_lent(files.log(point), PATIENCE)  # of one that has just started, and holds no lock of its own yet
        path = files.models(point) / ".run.lock"
        if path.is_file():
            with suppress(BusyError), Lock(path).held(seconds=PATIENCE, what=f"The run {point.name}", remedy=""):
                pass


def scores(files: Files, point: Point) -> Table:
    """The metrics of a run that is done, as it saved them (`METRIC_COLUMNS`)."""
    import pandas as pd

    return pd.read_csv(files.result(point), keep_default_na=False, na_values={"value": "", "low": "", "high": ""})


def record(models: Path) -> dict[str, Any]:
    """What the classifier in the folder of a run's models was trained on; {} where there is none."""
    from nevus.io.model import ModelDataset

    folder = models / "model"
    return ModelDataset(filepath=str(folder)).record() if folder.is_dir() else {}


def costs(models: Path) -> dict[str, float | None]:
    """What training took and what the network costs, as the training has written it down; None where it has not.

    Returns:
        `COSTS`: seconds of the whole training, in however many calls; images of the corpus a second; numbers that
        train; floating-point operations of an image's forward pass, two of them a multiplication with its addition.
    """
    found = record(models)
    training, network = found.get("training", {}), found.get("network", {})
    known = [training.get("seconds"), training.get("images_per_second")]
    return dict(zip(COSTS, [*known, network.get("parameters"), network.get("flops")], strict=True))


def seconds(files: Files, point: Point) -> float | None:
    """How long the call took that ended a run."""
    found = read_note(files.models(point)).get("seconds")
    return None if found is None else float(found)
