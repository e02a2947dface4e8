"""What the catalog says about a dataset: how it is tracked and where it lies."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from kedro.io import AbstractDataset, CatalogProtocol
    from kedro.pipeline import Pipeline

    AnyDataset: TypeAlias = AbstractDataset[Any, Any]
    Catalog: TypeAlias = CatalogProtocol[AnyDataset, Any]

logger = logging.getLogger(__name__)


def find_tracked(pipeline: Pipeline, catalog: Catalog) -> dict[str, tuple[AnyDataset, list[str]]]:
    """Outputs of a pipeline whose catalog entry has `metadata: {mlflow: ...}`, those made by a factory pattern too.

    Returns:
        Name to the dataset and the kinds it is tracked as.
    """
    tracked = {}
    for name in sorted(pipeline.all_outputs()):
        dataset = find_dataset(catalog, name)
        metadata = getattr(dataset, "metadata", None)
        kinds = metadata.get("mlflow") if isinstance(metadata, dict) else None
        if dataset is not None and kinds:
            tracked[name] = (dataset, [kinds] if isinstance(kinds, str) else list(kinds))
    return tracked


def find_dataset(catalog: Catalog, name: str) -> AnyDataset | None:
    """The dataset of this name without what wraps it, or None."""
    try:
        dataset: AnyDataset | None = catalog.get(name)
    except Exception:  # Kedro says what is wrong with an entry when it comes to use it
        logger.debug("Dataset '%s' cannot be made", name, exc_info=True)
        return None
    return getattr(dataset, "_dataset", dataset)


def read_record(catalog: Catalog, namespace: str) -> dict[str, Any]:
    """What the saved model of a method says of its training, or that of the method that the namespace is part of.

    Returns:
        `Classifier.record`, or that of a generator where there is no classifier; {} where there is neither, or a
        classifier from before there were records.
    """
    while namespace:
        for model in ("classifier", "generator"):
            if record := record_of(find_dataset(catalog, f"{namespace}.{model}"), None):
                return record
        namespace = namespace.rpartition(".")[0]
    return {}


def record_of(dataset: AnyDataset | None, data: Any) -> dict[str, Any]:
    """What a classifier says of its training: one in memory, or where that is None the one that a dataset has saved."""
    try:
        found = data.record if data is not None else dataset.record()  # type: ignore[union-attr]
    except Exception:  # nothing saved yet, or a dataset of another type
        logger.debug("No record of a training in %s", dataset, exc_info=True)
        return {}
    return dict(found or {})


def local_path(dataset: AnyDataset) -> Path:
    """The file or folder behind a dataset.

    Raises:
        ValueError: It has none.
        FileNotFoundError: It is not on this machine.
    """
    path = planned_path(dataset)
    if path is None:
        raise ValueError(f"a {type(dataset).__name__} has no file; remove metadata.mlflow or give it a filepath")
    if not path.exists():
        raise FileNotFoundError(f"{path} is not on this machine")
    return path


def planned_path(dataset: AnyDataset) -> Path | None:
    """The file or folder that a dataset saves to, be it there or not; None where it has none."""
    # Versioned datasets know where they save; the others keep the path under one of two names.
    found = getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None)
    if found is None:
        return None
    if getattr(dataset, "_version", None):
        found = dataset._get_save_path()  # type: ignore[attr-defined]
    return Path(str(found).removeprefix("file://"))
