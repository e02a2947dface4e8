"""Finished runs by their names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from nevus.contracts import NevusError

TRAIN = "Train more by `kedro run --pipeline=supervised`, each with a seed of its own."


def no_such_run(parameter: str, wanted: str, finished: Iterable[str], *, train: str = TRAIN) -> NevusError:
    """What to say of a name that no finished run has.

    Args:
        parameter: That holds the name.
        wanted: The name, or a pattern.
        finished: Names of the runs.
        train: How to have more of them.
    """
    runs = list(finished)
    near = get_close_matches(wanted, runs, 1)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    return NevusError(f"{parameter}: there is no finished run '{wanted}'{hint} {listed(runs)} {train}")


def listed(finished: Iterable[str]) -> str:
    """The runs that there are, in a sentence."""
    return f"Finished: {', '.join(finished) or 'none'}."
