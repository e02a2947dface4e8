"""Pipeline `ladder`: see `pipeline.py`."""
