"""Pipeline `ingestion`: see `pipeline.py`."""
