"""A finished run as an ONNX file."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.onnx.nodes import export_onnx


def create_pipeline() -> Pipeline:
    """The classifier of a finished run to `onnx_model`, with the comparison in `onnx_summary`."""
    inputs = {"finished": "finished_runs", "tracked": "tracked_models", "params": "params:onnx"}
    return Pipeline(
        [Node(export_onnx, inputs, ["onnx_model", "onnx_summary"], name="onnx.export_onnx")],
        tags="onnx",
    )
