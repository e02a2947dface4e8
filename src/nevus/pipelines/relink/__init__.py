"""Pipeline `relink`: see `pipeline.py`."""
