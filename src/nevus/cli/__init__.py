"""The project's own commands. Kedro puts them before its built-in ones of the same name."""

from nevus.cli.commands import cli, run

__all__ = ["cli", "run"]
