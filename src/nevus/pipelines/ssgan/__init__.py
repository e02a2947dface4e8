"""Pipeline `ssgan`: see `pipeline.py`."""
