"""Pipeline `features`: see `pipeline.py`."""
