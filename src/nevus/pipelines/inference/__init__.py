"""Pipeline `inference`: see `pipeline.py`."""
