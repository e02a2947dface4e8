"""Finished runs and weights that a run would miss only once the images are packed are missed before it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl

from nevus.contracts import NevusError
from nevus.hooks.datasets import find_dataset, planned_path
from nevus.pipelines.beforehand import FINISHED, Wants

if TYPE_CHECKING:
    from kedro.pipeline import Pipeline
    from kedro.pipeline.node import Node

    from nevus.hooks.datasets import Catalog

logger = logging.getLogger(__name__)


class BeforehandHooks:
    """Calls the checks that nodes have for what they want, of those nodes that will run."""

    @hook_impl(tryfirst=True)  # before anything of the run is recorded
    def before_pipeline_run(self, run_params: Mapping[str, Any], pipeline: Pipeline, catalog: Catalog) -> None:
        """Check the nodes in the order in which they run.

        Raises:
            NevusError: A node would raise it too, but later.
        """
        if run_params.get("only_missing_outputs"):
            pipeline = with_missing_outputs(pipeline, catalog)
        made_here = pipeline.all_outputs()
        for node in pipeline.nodes:
            wants = Wants(node)
            if not made_here.isdisjoint(wants.inputs.values()):
                continue  # what another node of this run hands over cannot be looked at yet
            values = {argument: catalog.load(name) for argument, name in wants.inputs.items()}
            try:
                wants.check(**values)
            except NevusError:
                made = made_by_others(pipeline, node, catalog) if FINISHED in values else []
                if not made or not passes(wants, values | {FINISHED: [*values[FINISHED], *made]}):
                    raise


def passes(wants: Wants, values: Mapping[str, Any]) -> bool:
    """Whether a node has with these values what it wants."""
    try:
        wants.check(**values)
    except NevusError:
        return False
    return True


def made_by_others(pipeline: Pipeline, node: Node, catalog: Catalog) -> list[str]:
    """Names of the runs that a pipeline finishes without having to wait for one of its nodes."""
    made = pipeline.all_outputs() - pipeline.from_nodes(node.name).all_outputs()
    classifiers = (find_dataset(catalog, name) for name in sorted(made) if name.endswith(".classifier"))
    paths = (planned_path(dataset) for dataset in classifiers if dataset is not None)
    return [f"{path.parent.parent.name}/{path.parent.name}" for path in paths if path is not None]


def with_missing_outputs(pipeline: Pipeline, catalog: Catalog) -> Pipeline:
    """The part of a pipeline that Kedro's runners run where only missing outputs are wanted."""
    from kedro.runner.runner import _build_node_children_map, _determine_nodes_to_run

    nodes = [*reversed(pipeline.nodes)]
    wanted = _determine_nodes_to_run(nodes, catalog, _build_node_children_map(pipeline), logger)
    return pipeline.only_nodes(*(node.name for node in wanted))
