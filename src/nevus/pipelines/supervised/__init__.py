"""Pipeline `supervised`: see `pipeline.py`."""
