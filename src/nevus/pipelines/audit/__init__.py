"""Pipeline `audit`: see `pipeline.py`."""
