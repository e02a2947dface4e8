"""Pipeline `floors`: see `pipeline.py`."""
