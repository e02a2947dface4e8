"""Finished runs by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from nevus.contracts import NevusError

TRAIN = "Train more by `kedro run --pipeline=supervised`, each with a seed of its own."


def choose(
    finished: Sequence[str], wanted: Sequence[str], *, parameter: str, method: str, train: str = TRAIN
) -> list[str]:
    """The names of finished runs that fit names or patterns, each once, in the order asked for.

    Args:
        finished: Names of the runs.
        wanted: Names, or patterns of them, such as `supervised/seed*`.
        parameter: That holds them.
        method: Who asks; a pattern leaves out its runs, of which one may be what is made now.
        train: How to have more runs.

    Raises:
        NevusError: A name or pattern fits none.
    """
    found: dict[str, None] = {}
    for pattern in wanted:
        fit = fitting(finished, pattern, method=method)
        if not fit:
            raise no_such_run(parameter, pattern, finished, train=train)
        found |= dict.fromkeys(fit)
    return list(found)


def fitting(names: Sequence[str], pattern: str, *, method: str) -> list[str]:
    """The names of runs that are a name, or else fit a pattern, which leaves out the runs of the method that asks."""
    if pattern in names:
        return [pattern]
    return [name for name in names if method_of(name) != method and fnmatchcase(name, pattern)]


def how_to_train(name: str) -> str:
    """What to say to somebody who wants this run, or those of this pattern, and has it not."""
    method = method_of(name)
    return f"Train it by `kedro run --pipeline={method}`." if method.isidentifier() else TRAIN


def method_of(name: str) -> str:
    """The method of a run: `ssgan` of `ssgan-wide/seed0`."""
    return name.partition("/")[0].partition("-")[0]


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
