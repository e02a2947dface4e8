"""Kedro pipelines: thin nodes that introduce the library packages to one another."""
