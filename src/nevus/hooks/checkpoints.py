"""Checkpoints are for runs that did not finish."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.pipeline import Pipeline


class CheckpointHooks:
    """Clear the checkpoints of a run once the whole run is done.

    Not when the training is done: a run that dies while it writes its report continues without training again.
    """

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Forget the states whose results are all saved."""
        for name in pipeline.inputs():
            if name.endswith(".checkpoints"):
                catalog.load(name).clear()
