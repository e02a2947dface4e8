"""The out-of-fold predictions that belong to a finished run: of its method, its parameters and its training images."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from textwrap import shorten
from typing import Any

from nevus.contracts import Classifier, Corpus, CorpusError, NevusError, Table
from nevus.pipelines.finished import method_of

SHOWN, WIDTH = 3, 40  # parameters that differ, and characters of their values
ORIGIN = ("method", "corpus", "parameters", "repeat", "fold")  # columns beside those of a table of predictions


def held_out_of(
    name: str, classifier: Classifier, training: Corpus, out_of_fold: Mapping[str, Callable[[], Table]]
) -> Table:
    """Find what a method said of the images on which a run was trained, by networks that had not seen them.

    Args:
        name: Of the run, for messages.
        classifier: Of the run.
        training: The corpus without the test split.
        out_of_fold: What reads the out-of-fold predictions of each cross-validation, by the name of a run.

    Returns:
        One row a repeat and labelled image.

    Raises:
        NevusError: The run is put together of others, or nobody has cross-validated its method.
        CorpusError: The run was trained on other images, or all such predictions are of other images or parameters,
            incomplete, or no probabilities.
    """
    require_plain(name, classifier)
    if classifier.record.get("corpus") != training.fingerprint:
        raise CorpusError(
            f"{name} was trained on other images, labels or splits than the present ones. Give the parameters of that "
            "training, or train again."
        )
    method, seed = str(classifier.record["method"]), f"/seed{classifier.record.get('seed')}"
    found = sorted((one for one in out_of_fold if method_of(one) == method), key=lambda one: not one.endswith(seed))
    if not found:
        raise NevusError(f"there are no out-of-fold predictions of {method}. {how_to_make(method)}")
    reasons = []
    for one in found:
        table = out_of_fold[one]()
        reason = why_not(table, classifier.record, training)
        if reason is None:
            require_complete(table, one, training)
            return table
        reasons.append(f"those of {one} are of {reason}")
    raise CorpusError(f"no out-of-fold predictions fit {name}: {'; '.join(reasons)}. {how_to_make(method)}")


def how_to_make(method: str) -> str:
    """The command that makes out-of-fold predictions."""
    return (
        f"Make them by `kedro run --pipeline=cross_validation --params cross_validation.methods=[{method}]`, with the "
        "parameters of the run's training."
    )


def require_plain(name: str, classifier: Classifier) -> None:
    """Refuse runs that no cross-validation trains.

    Raises:
        NevusError: It averages others, or is calibrated already.
    """
    if "members" in classifier.spec:
        raise NevusError(
            f"calibration.model: {name} averages {', '.join(classifier.spec['members'])}, and an average has no "
            "out-of-fold predictions. Calibrate a member, or name calibrated runs in ensemble.members."
        )
    if "calibration" in classifier.spec or "threshold" in classifier.spec:
        made_of = ", ".join(classifier.record.get("ancestors", {}).get("model", {})) or "the run that it was made of"
        raise NevusError(f"calibration.model: {name} is calibrated already. Name {made_of} instead.")


def why_not(table: Table, record: Mapping[str, Any], training: Corpus) -> str | None:
    """What makes out-of-fold predictions useless for a run, in words; None where nothing does.

    Raises:
        CorpusError: The table does not say where it comes from.
    """
    if missing := [column for column in ORIGIN if column not in table.columns]:
        raise CorpusError(
            f"out-of-fold predictions have to say where they come from, but lack {', '.join(missing)}. "
            f"{how_to_make(str(record['method']))}"
        )
    if set(table["corpus"]) != {training.fingerprint}:
        return "other images, labels or splits"
    wanted = record["parameters"].get(record["method"], {})
    (text,) = table["parameters"].unique()
    differing = list(differences(json.loads(text), wanted))
    if differing:
        shown = "; ".join(f"{key} ({there} there, {here} here)" for key, there, here in differing[:SHOWN])
        return f"other parameters: {shown}{' and others' * (len(differing) > SHOWN)}"
    return None


def differences(there: Any, here: Any, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Dotted names of what differs between two blocks of parameters, with both values, shortened."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in {**there, **here}:
            yield from differences(there.get(name), here.get(name), f"{place}.{name}" if place else str(name))
    elif there != here:
        yield place, shorten(str(there), WIDTH, placeholder=" ..."), shorten(str(here), WIDTH, placeholder=" ...")


def require_complete(table: Table, name: str, training: Corpus) -> None:
    """Refuse tables from which nothing can be learnt.

    Raises:
        CorpusError: An image is missing or comes too often, classes are others, or probabilities are none.
    """
    from nevus.metrics.predictions import PredictionsValidator, probability_columns

    wanted = probability_columns(len(training.classes))
    if found := [str(one) for one in table.columns if str(one).startswith("probability") and one not in wanted]:
        raise CorpusError(
            f"out-of-fold predictions of {name} have the columns {', '.join(found)}, but the classes are "
            f"{', '.join(training.classes)}. Cross-validate again."
        )
    PredictionsValidator().validate(table)
    images = set(training.manifest.loc[training.manifest["split"] == "labeled", "image_id"])
    for _, rows in table.groupby("repeat"):
        if len(rows) != len(images) or set(rows["image_id"]) != images:
            raise CorpusError(
                f"out-of-fold predictions of {name} must hold each of {len(images)} labelled images once a repeat, but "
                f"hold {rows['image_id'].nunique()} in {len(rows)} rows. Cross-validate again."
            )
