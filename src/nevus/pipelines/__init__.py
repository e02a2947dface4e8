"""Kedro pipelines: thin nodes that introduce the library packages to one another.

Nodes import what they need inside their functions: torch, pandas, scikit-learn and matplotlib take seconds, and Kedro
imports every node to list the pipelines.
"""
