"""Classifiers by any algorithm: parameters and nodes; `nevus.pipelines.method` puts them together."""
