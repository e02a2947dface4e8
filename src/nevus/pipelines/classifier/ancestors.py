"""Finished runs that a training builds on: whose features it starts from, or whose predictions it learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nevus.contracts import Classifier, Corpus, CorpusError, FinishedRuns, NevusError
from nevus.lookup import find
from nevus.pipelines.classifier.params import ALGORITHMS, START, TrainingParams
from nevus.pipelines.finished import choose, how_to_train

# By the parameters that name them, as `TrainingParams.ancestors` has them, and by the names of their runs.
Ancestors: TypeAlias = Mapping[str, Mapping[str, Classifier]]
NONE: Ancestors = {}


def ancestors_of(training: Corpus, params: TrainingParams, finished: FinishedRuns, *, method: str) -> Ancestors:
    """Load the finished runs that a method's parameters name.

    Args:
        training: The corpus without the test images.
        params: Of the method.
        finished: What reads the classifier of each finished run.
        method: Name in the registry, for messages.

    Raises:
        NevusError: There is no such run, or there are several where one is wanted.
        CorpusError: It tells other classes apart, was trained on other images, so that test images may be among them,
            is to predict images of another size, or has features of labels that are hidden here.
    """
    found: dict[str, dict[str, Classifier]] = {}
    for place, names in names_of(params, finished, method=method).items():
        parameter = f"{method}.{place}"
        found[place] = {name: finished[name]() for name in names}
        for name, run in found[place].items():
            require_same_task(run, training, name=name, parameter=parameter)
            if place == START:
                require_same_labels(run, training, name=name, parameter=parameter)
            else:
                require_same_size(run, training, name=name, parameter=parameter)
    return found


def names_of(params: TrainingParams, finished: Iterable[str], *, method: str) -> dict[str, list[str]]:
    """The names of the finished runs that a method's parameters name, by the parameter.

    Args:
        params: Of the method.
        finished: Names of the finished runs.
        method: Name in the registry.

    Raises:
        NevusError: There is no such run, or there are several where one is wanted.
    """
    runs, found = list(finished), {}
    for place, wanted in params.ancestors().items():
        parameter = f"{method}.{place}"
        chosen = (choose(runs, [one], parameter=parameter, method=method, train=how_to_train(one)) for one in wanted)
        names = list(dict.fromkeys(name for some in chosen for name in some))
        if place == START and len(names) > 1:
            raise NevusError(f"{parameter}: a training starts from one run, but {', '.join(names)} fit. Name one.")
        found[place] = names
    return found


def require_ancestors(params: TrainingParams, finished: Iterable[str], *, method: str) -> None:
    """Refuse parameters that name runs or weights which cannot be had.

    Raises:
        NevusError: It says which, and what to do.
    """
    from nevus.networks.sources import require_at_hand

    names_of(params, finished, method=method)
    require_at_hand(params)


def require_same_task(run: Classifier, training: Corpus, *, name: str, parameter: str) -> None:
    """Refuse a run of other classes, or of other images that may train and choose.

    Raises:
        CorpusError: It is one.
    """
    from nevus.pipelines.record import pool_of

    if list(run.spec["classes"]) != list(training.classes):
        raise CorpusError(
            f"{parameter}: {name} tells {', '.join(run.spec['classes'])} apart, but the classes here are "
            f"{', '.join(training.classes)}. Train it again on this corpus, or name another run."
        )
    if run.record.get("pool") != pool_of(training):
        raise CorpusError(
            f"{parameter}: {name} was trained on other images than those that train here, so test or validation images "
            "may be among them. Train it again on this corpus, with the same splits and parameters."
        )


def require_same_labels(run: Classifier, training: Corpus, *, name: str, parameter: str) -> None:
    """Refuse features that were shaped by labels which the present split or budget hides.

    Raises:
        CorpusError: It is so.
    """
    if learnt_features_from_labels(run) and run.record.get("corpus") != training.fingerprint:
        raise CorpusError(
            f"{parameter}: the features of {name} were learnt from other labels than those here, such as all of them "
            "where a label budget hides most. Train it again with the same splits, or start from features that no "
            "label shaped, such as those of `kedro run --pipeline=simclr`."
        )


def require_same_size(run: Classifier, training: Corpus, *, name: str, parameter: str) -> None:
    """Refuse a run that cannot say anything of the present images, since they are of another size.

    Raises:
        CorpusError: It is one.
    """
    size, here = run.spec["size"], training.pixels.shape[1]
    if size != here:
        raise CorpusError(
            f"{parameter}: {name} was trained on images of {size} pixels, but these have {here}. Train it again on "
            f"these, pack the images at its size by `--params ingestion.size={size}`, or name another run."
        )


def require_blind(ancestors: Ancestors, *, method: str) -> None:
    """Refuse runs that learnt from labels which a cross-validation hides.

    Features that no label shaped are a start like any other. What a run predicts always comes from labels.

    Raises:
        NevusError: One of them did.
    """
    for place, runs in ancestors.items():
        for name, one in runs.items():
            if place == START and not learnt_features_from_labels(one):
                continue
            advice = (
                "with a self-supervised start, such as simclr, or with none"
                if place == START
                else f"without them, by {method}.{place}=[] where it can do so, and compare runs with them on "
                "validation images"
            )
            raise NevusError(
                f"{method}.{place}: {name} learnt from all labels, so no fold is unknown to it and the scores of "
                f"{method} would be too good. Cross-validate it {advice}."
            )


def learnt_features_from_labels(one: Classifier) -> bool:
    """Whether labels shaped more of a finished run than its head; true where that is unknown, as of its own start."""
    parameters: dict[str, Any] = one.record["parameters"][one.record["method"]]
    algorithm = parameters.get("algorithm")
    if algorithm is None or parameters.get("start") is not None:
        return True
    return bool(find(ALGORITHMS, algorithm["name"]).labels_shape_features)


def start_from(network: Any, params: TrainingParams, ancestors: Ancestors) -> None:
    """Give a network the features that it is to start from; nothing where none are asked for."""
    from nevus.networks.pretrained import load_start, take_features

    load_start(network, params.network)
    if params.start is not None:
        for name, one in ancestors[START].items():
            take_features(network, one.weights, source=name)
