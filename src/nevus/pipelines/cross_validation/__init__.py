"""Pipeline `cross_validation`: see `pipeline.py`."""
