"""Make probabilities mean what they say, and choose a threshold, without a look at the test images."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Corpus, NevusError, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.calibration.params import CalibrationParams
from nevus.pipelines.finished import no_such_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "calibrated"
MODEL = "model"  # the parameter that names the finished run


def require_model(params: CalibrationParams, finished: Collection[str], seed: int) -> None:
    """Refuse a run that is not finished or of another seed, and prediction sets without what makes them.

    Raises:
        NevusError: It says which, and what to do.
    """
    if params.model not in finished:
        raise no_such_run("calibration.model", params.model, finished)
    own = params.model.rpartition("/seed")[2]
    if own != str(seed):
        raise NevusError(
            f"calibration.model: {params.model} has seed {own}, so its calibrated run has to be named by that seed and "
            f"not by {seed}. Give --params seed={own}, too."
        )
    if params.coverage is not None:
        from nevus.metrics.conformal import require_mapie

        require_mapie()


@checked_by(require_model)
def read_model(finished: Mapping[str, Callable[[], Classifier]], params: CalibrationParams, seed: int) -> Classifier:
    """Read the run that is calibrated, which the calibrated one is compared with.

    Args:
        finished: What reads the classifier of each finished run, by the name of the run.
        params: Which run.
        seed: Names the calibrated run.

    Raises:
        NevusError: There is no such run, it has another seed, or prediction sets cannot be made.
    """
    require_model(params, finished, seed)
    return finished[params.model]()


def calibrate(
    model: Classifier,
    out_of_fold: Mapping[str, Callable[[], Table]],
    training: Corpus,
    params: CalibrationParams,
    seed: int,
    variant: str | None,
) -> tuple[Classifier, Table]:
    """Calibrate a finished run by what its method said of training images that it had not seen.

    Images of one lesion share the weight of one. Where images were dealt into folds several times, all that was said of
    them counts.

    Args:
        model: The run.
        out_of_fold: What reads the out-of-fold predictions of each cross-validation, by the name of a run.
        training: The corpus without the test images.
        params: Name of the run, and how it is calibrated.
        seed: Names the calibrated run.
        variant: Names it too.

    Returns:
        The classifier with `calibration` and, of two classes, `threshold` in its spec; and the out-of-fold predictions
        that these were learnt from, as they were before.

    Raises:
        NevusError: Nobody has cross-validated the method, or the run is put together of others.
        CorpusError: Predictions do not belong to the run, or what is asked for cannot be learnt from them.
    """
    from nevus.pipelines.calibration.held_out import held_out_of
    from nevus.pipelines.record import record_of

    table = held_out_of(params.model, model, training, out_of_fold)
    record = record_of(training, params, {MODEL: {params.model: model}}, method=METHOD, variant=variant, seed=seed)
    own = model.record["parameters"].get(model.record["method"], {})  # it is that training, and calibrated besides
    record["parameters"][METHOD] = {**own, **record["parameters"][METHOD]}
    record |= {name: model.record[name] for name in ("network", "training") if name in model.record}
    return model._replace(spec={**model.spec, **learnt(table, params)}, record=record), table


def learnt(table: Table, params: CalibrationParams) -> dict[str, Any]:
    """What out-of-fold predictions teach: the part of `Classifier.spec` that says how to calibrate and to decide."""
    from nevus.metrics.recalibration import fit_isotonic, fit_temperature, recalibrated

    labels, probabilities, weights = arrays_of(table)
    found: dict[str, Any] = {}
    if params.kind == "temperature":
        found["calibration"] = fit_temperature(labels, probabilities, weights)
    if params.kind == "isotonic":
        found["calibration"] = fit_isotonic(labels, probabilities, weights)
        share = float((weights * labels).sum() / weights.sum())
        found["prior"] = [1 - share, share]  # it learns how frequent the classes are, whatever batches said
    if "calibration" in found:
        probabilities = recalibrated(probabilities, found["calibration"])
    if probabilities.shape[1] == 2 and params.threshold.rule != "fixed":
        found["threshold"] = threshold_by(params, labels, probabilities[:, 1])
    return found


def threshold_by(params: CalibrationParams, labels: NDArray[Any], probabilities: NDArray[Any]) -> float:
    """Choose a threshold by the rule of the parameters; arguments as of `metrics.thresholds.choose_threshold`."""
    from nevus.metrics.thresholds import choose_threshold

    how = params.threshold
    assert how.rule != "fixed"
    return choose_threshold(labels, probabilities, how.rule, sensitivity=how.sensitivity, cost_ratio=how.cost_ratio)


def arrays_of(table: Table) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Labels (n,), probabilities (n, K) and weights (n,), which add up to 1 over a lesion, of prediction rows."""
    import numpy as np

    from nevus.metrics.predictions import probabilities_of

    probabilities = probabilities_of(table)
    if probabilities.ndim == 1:
        probabilities = np.stack([1 - probabilities, probabilities], axis=1)
    lesions = table["group_id"].astype("object").where(table["group_id"].notna(), table["image_id"])
    weights = 1 / lesions.groupby(lesions).transform("size").to_numpy(dtype=np.float64)
    return table["label"].to_numpy(dtype=np.int64), probabilities, weights
