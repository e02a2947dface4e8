"""Pipelines `tfrecords` and `check_tfrecords`: see `pipeline.py`."""
