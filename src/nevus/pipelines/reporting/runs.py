"""Who is compared: a run, its baseline if it has one, and the floors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nevus.contracts import Classifier, CorpusError, NevusError, Table
from nevus.pipelines.reporting.params import EvaluationParams


class Compared(NamedTuple):
    """Those that are compared, by name: the run first, then what it was put together of, then the baseline.

    Attributes:
        tables: Predictions.
        roles: "method", "ablation", "baseline" or "floor".
        thresholds: The second of two classes is called above this probability.
    """

    tables: dict[str, Table]
    roles: dict[str, str]
    thresholds: dict[str, float]


def name_of(record: Mapping[str, Any]) -> str:
    """Name a run by the method and the variant in a classifier's record.

    Raises:
        NevusError: The record says no method.
    """
    if not record.get("method"):
        raise NevusError(
            f"A report needs a classifier that says what it was trained by, but its record holds "
            f"{', '.join(record) or 'nothing'} and no method. Train it again with this version."
        )
    variant = record.get("variant")
    return f"{record['method']}-{variant}" if variant else str(record["method"])


def threshold_of(spec: Mapping[str, Any], options: EvaluationParams) -> float:
    """Above which probability the second of two classes is called.

    Args:
        spec: `Classifier.spec`; its `threshold` was chosen on predictions for training folds.
        options: Its `threshold` stands where none was chosen.
    """
    return float(spec.get("threshold", options.threshold))


def folder_name(record: Mapping[str, Any], part: str = "") -> str:
    """Name a run as its folders are: `ssgan-wide/seed0`.

    Args:
        record: Of its classifier.
        part: Of the run, such as "baseline": `ssgan.baseline-wide/seed0`.
    """
    method, dash, variant = name_of(record).partition("-")
    return f"{method}{'.' if part else ''}{part}{dash}{variant}/seed{record.get('seed', '')}"


def compared(
    options: EvaluationParams,
    classifier: Classifier,
    predictions: Table,
    majority: Table,
    colour_svm: Table,
    baseline_classifier: Classifier | None,
    baseline_predictions: Table | None,
) -> Compared:
    """Name those that are compared.

    Args:
        options: For the threshold of those that chose none.
        classifier: Of the run.
        predictions: Of the run.
        majority: Predictions of the majority floor.
        colour_svm: Predictions of the colour floor.
        baseline_classifier: Of the baseline; None where there is no baseline.
        baseline_predictions: Of the baseline.

    Raises:
        NevusError: Two have one name, or a classifier has none.
    """
    from nevus.metrics.predictions import tables_of_parts

    own, fixed = threshold_of(classifier.spec, options), options.threshold
    entries = [(name_of(classifier.record), "method", predictions, own)]
    entries += [(f"{name}_alone", "ablation", table, fixed) for name, table in tables_of_parts(predictions).items()]
    if baseline_classifier is not None and baseline_predictions is not None:
        name_of(baseline_classifier.record)  # refuses a record without a method
        theirs = threshold_of(baseline_classifier.spec, options)
        entries.append((str(baseline_classifier.record["method"]), "baseline", baseline_predictions, theirs))
    entries += [("majority", "floor", majority, fixed), ("colour_svm", "floor", colour_svm, fixed)]
    tables = {name: table for name, _, table, _ in entries}
    if len(tables) < len(entries):
        raise NevusError(
            f"A run is compared with others, but two of {', '.join(name for name, *_ in entries)} have one name. "
            "Name another baseline where the method's pipeline is made, or a variant by --params variant=NAME."
        )
    roles = {name: role for name, role, _, _ in entries}
    return Compared(tables, roles, {name: threshold for name, _, _, threshold in entries})


def require_unseen(rows: Table, seen: Table, name: str) -> None:
    """Refuse scores on images that train or choose.

    Args:
        rows: Predictions of the test images.
        seen: `image_id` and `split` of the images; those of split "test" or of none do not count.
        name: Of the run, for the message.

    Raises:
        CorpusError: A test image is among those seen, such as after an ingestion with other options.
    """
    used = seen.loc[seen["split"].notna() & (seen["split"] != "test")]
    found = used.loc[used["image_id"].isin(rows["image_id"]), "split"].value_counts().sort_index()
    if len(found):
        parts = ", ".join(f"{count:,} {split}" for split, count in found.items())
        raise CorpusError(
            f"Of the {len(rows):,} images that {name} was scored on, {int(found.sum()):,} train or choose by the "
            f"present splits ({parts}), which were changed since. Train again, or ingest with the parameters of the "
            "training."
        )
