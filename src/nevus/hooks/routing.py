"""Which run a dataset goes to, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nevus.hooks.datasets import local_path, read_record, record_of
from nevus.hooks.headers import Call, describe_runs, with_record
from nevus.hooks.journal import Step
from nevus.hooks.planned import BASELINE, MODELS, namespace_of, owner, planned_runs
from nevus.hooks.points import history_points, metric_points

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline

    from nevus.hooks.datasets import AnyDataset, Catalog


class Routing:
    """Sorts what a pipeline saves into its runs.

    A dataset belongs to the method whose namespace its name begins with; one without any to all runs that are not
    nested.

    Attributes:
        headers: What each run starts with, by its namespace, parents first; followed by what is learnt of it since.
    """

    def __init__(self, pipeline: Pipeline, catalog: Catalog, call: Call) -> None:
        runs = planned_runs(pipeline, call.parameters)
        self._runs = {run.namespace: run for run in runs}
        records = {run.namespace: read_record(catalog, run.namespace) for run in runs if not run.trains}
        self.headers = describe_runs(call, runs, records)
        outputs = pipeline.all_outputs()
        self._missing = {key: {name for name in outputs if self._owner(name) == key} for key in self._runs}

    def cross_off(self, name: str) -> str | None:
        """Note that a dataset is saved.

        Returns:
            Key of the nested run that has now all it makes, so that it is complete even if its method fails later.
        """
        key = self._owner(name)
        if key is None or self._runs[key].parent is None:
            return None
        self._missing[key].discard(name)
        return None if self._missing[key] else key

    def steps(self, kind: str, name: str, dataset: AnyDataset, data: Any) -> Iterator[tuple[str, Step]]:
        """What is to be done on which run.

        Args:
            kind: "metrics", "history", "artifact", "model", or "record" of a model that lies elsewhere.
            name: Of the dataset; it has been saved.
            dataset: From the catalog.
            data: What was saved; None where another process did.

        Raises:
            ValueError: There is no such kind, or the data or the dataset is not fit for it.
            FileNotFoundError: An artifact or a model is not on this machine.
        """
        key, space = self._owner(name), namespace_of(name)
        keys = [run.namespace for run in self._runs.values() if run.parent is None] if key is None else [key]
        inner = space[len(key or "") :].strip(".")  # what the run's own namespace leaves of it
        if kind == "metrics":
            yield from self._metrics(keys, data, f"{inner}/" if inner else "")
        elif kind == "history":
            curves = history_points(data, f"{inner}/" if inner else "")
            yield from ((one, Step("log_history", (curves,))) for one in keys)
        elif kind == "artifact":
            path, folder = local_path(dataset), inner.replace(".", "/") or None
            yield from ((one, Step("log_artifact", (path, folder))) for one in keys)
        elif kind == "model":
            yield from ((one, step) for one in keys for step in self._model(one, name, dataset, data))
        elif kind == "record":
            yield from ((one, step) for one in keys for step in self._record(one, name, dataset, data))
        else:
            known = "metrics, history, artifact, model or record"
            raise ValueError(f"metadata.mlflow must be {known}; change it in the catalog")

    def _owner(self, name: str) -> str | None:
        return owner(namespace_of(name), self._runs)

    def _metrics(self, keys: list[str], table: Any, prefix: str) -> Iterator[tuple[str, Step]]:
        """Rows of the method, of its parts and of floors go to its own run, those of nested runs also to these."""
        own = metric_points(table, "method", prefix)
        floors = [one for role in ("ablation", "floor") for one in metric_points(table, role, f"{prefix}{role}/")]
        for key in keys:
            for name in table["method"].unique():
                if not prefix and f"{key}.{name}" in self._runs:
                    points = metric_points(table[table["method"] == name], "method")
                    yield f"{key}.{name}", Step("log_metrics", (points,))
            nested = f"{key}.{BASELINE}"
            if nested in self._runs and not prefix:
                yield key, Step("log_metrics", (own, floors))
                yield nested, Step("log_metrics", (metric_points(table, BASELINE),))
            else:
                others = metric_points(table, BASELINE, f"{prefix}{BASELINE}/")
                yield key, Step("log_metrics", (own, [*floors, *others]))

    def _model(self, key: str, name: str, dataset: AnyDataset, data: Any) -> Iterator[Step]:
        """A classifier knows the corpus that trained it, and its method's name in the registry."""
        path = local_path(dataset)
        yield from self._record(key, name, dataset, data)
        header = self.headers[key]
        shown = header.tags.get("method") or namespace_of(name) or name
        yield Step("log_model", (path, shown))

    def _record(self, key: str, name: str, dataset: AnyDataset, data: Any) -> Iterator[Step]:
        """What a model says of its training joins the run that it belongs to."""
        record = record_of(dataset, data)
        if record and name in {f"{key}.{model}" for model in MODELS}:
            self.headers[key] = with_record(self.headers[key], self._runs[key], record)
            yield Step("describe", (self.headers[key],))
