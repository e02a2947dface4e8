"""Pipeline `reporting`: see `pipeline.py`."""
