"""Distillation: parameters and nodes; `nevus.pipelines.method` puts them together."""
