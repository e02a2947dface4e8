"""Pipeline `onnx`: see `pipeline.py`."""
