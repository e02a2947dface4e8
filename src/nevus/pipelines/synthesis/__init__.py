"""Pipeline `synthesis`: see `pipeline.py`."""
