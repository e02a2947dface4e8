"""The classifier that somebody names: of a finished run, or out of the tracking store."""

from __future__ import annotations

from collections.abc import Collection

from nevus.contracts import Classifier, FinishedRuns, NevusError, TrackedRuns
from nevus.pipelines.finished import no_such_run

TRAIN = (
    "Train one by `kedro run --pipeline=supervised`, or name a model out of MLflow: the id of a run, or NAME@ALIAS of "
    "its registry."
)


def require_known(name: str, finished: Collection[str], tracked: TrackedRuns, *, parameter: str) -> None:
    """Refuse what names no classifier.

    Args:
        name: Of a finished run, the id of a tracked one, or a registered model.
        finished: Names of the finished runs.
        tracked: What finds the others.
        parameter: That holds the name.

    Raises:
        NevusError: There is none, or the tracking store cannot be used.
    """
    if name in finished:
        return
    try:
        found = tracked.find(name)
    except NevusError as error:
        raise NevusError(f"{parameter}: {error}") from error
    if found is None:
        raise no_such_run(parameter, name, finished, train=TRAIN)


def classifier_of(name: str, finished: FinishedRuns, tracked: TrackedRuns, *, parameter: str) -> Classifier:
    """Read the classifier.

    Args:
        name: As `require_known`.
        finished: What reads the classifier of each finished run, by the name of the run.
        tracked: As `require_known`.
        parameter: Likewise.

    Raises:
        NevusError: There is none.
    """
    require_known(name, finished, tracked, parameter=parameter)
    read = finished[name] if name in finished else tracked.find(name)
    assert read is not None  # required above
    return read()
