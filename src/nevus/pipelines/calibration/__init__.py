"""Pipeline `calibration`: see `pipeline.py`."""
