"""Finished runs that a training builds on: whose features it starts from, or whose predictions it learns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from nevus.contracts import Classifier, Corpus, CorpusError, FinishedRuns, NevusError
from nevus.lookup import find
from nevus.pipelines.classifier.params import ALGORITHMS, TrainingParams
from nevus.pipelines.finished import no_such_run

Ancestors: TypeAlias = Mapping[str, Classifier]  # by the names of their runs
NONE: Ancestors = {}


def ancestors_of(training: Corpus, params: TrainingParams, finished: FinishedRuns, *, method: str) -> Ancestors:
    """Load the finished runs that a method's parameters name.

    Args:
        training: The corpus without the test images.
        params: Of the method.
        finished: What reads the classifier of each finished run.
        method: Name in the registry, for messages.

    Raises:
        NevusError: There is no such run.
        CorpusError: It was trained on other images, so test images may be among them.
    """
    from nevus.pipelines.record import pool_of

    found: dict[str, Classifier] = {}
    for place, name in params.ancestors().items():
        parameter = f"{method}.{place}"
        if name not in finished:
            pipeline = name.partition("/")[0].partition("-")[0]
            raise no_such_run(parameter, name, finished, train=f"Train it by `kedro run --pipeline={pipeline}`.")
        found[name] = finished[name]()
        if found[name].record.get("pool") != pool_of(training):
            raise CorpusError(
                f"{parameter}: {name} was trained on other images than those that train here, so test images may be "
                "among them. Train it again on this corpus, with the same splits and parameters."
            )
    return found


def require_blind(ancestors: Ancestors, *, method: str) -> None:
    """Refuse runs that learnt from labels which a cross-validation hides.

    Raises:
        NevusError: One of them did.
    """
    for name, one in ancestors.items():
        parameters: dict[str, Any] = one.record["parameters"][one.record["method"]]
        algorithm = parameters.get("algorithm")
        if algorithm is None or find(ALGORITHMS, algorithm["name"]).labels_shape_features:
            raise NevusError(
                f"{method} builds on {name}, which learnt from all labels, so no fold is unknown to it and its scores "
                "would be too good. Cross-validate it with a self-supervised start, such as simclr, or with none."
            )


def start_from(network: Any, params: TrainingParams, ancestors: Ancestors) -> None:
    """Give a network the features that it is to start from; nothing where none are asked for."""
    from nevus.networks.pretrained import load_start, take_features

    load_start(network, params.network)
    if params.start is not None:
        take_features(network, ancestors[params.start].weights, source=params.start)
