"""Pipeline `ensemble`: see `pipeline.py`."""
