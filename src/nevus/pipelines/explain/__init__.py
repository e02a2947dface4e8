"""Pipeline `explain`: see `pipeline.py`."""
