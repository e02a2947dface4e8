"""Pipeline `external`: see `pipeline.py`."""
