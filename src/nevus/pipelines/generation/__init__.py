"""Pipeline `generate`: see `pipeline.py`."""
