"""What the options of `kedro sweep` give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from nevus.cli import params
from nevus.contracts import NevusError
from nevus.hooks.nested import look_up
from nevus.sweep.points import BUDGET, Axis, Setting
from nevus.sweep.spaces import Space

RANGE = re.compile(r"(\d+)(?:-(\d+))?")
TAKEN_OVER = re.compile(r"\$\{(?:\w+\.)*(\w+)\}")  # a named block, such as ${optimizers.adam}
BRACKETS = {"[": "]", "{": "}", "(": ")"}
QUOTES = "'\""
LARGEST_RANGE = 10_000  # seeds; more are a slip of the finger
ALL = "all"  # labels, no budget
LONGEST = 40  # of the part of a name that lists pipelines
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
ENDS = re.compile(rf"({NUMBER})\s*:\s*({NUMBER})(\s*:\s*log)?")
SEARCH = "--search"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


def pipelines_of(text: str) -> list[str]:
    """Names, separated by commas.

    Raises:
        NevusError: There is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise NevusError("--pipelines names none. Give methods, such as --pipelines=supervised,fixmatch.")
    return names


def seeds_of(text: str) -> list[int]:
    """Whole numbers and ranges, separated by commas; `0-2,7` is 0, 1, 2 and 7.

    Raises:
        NevusError: One is neither, or a range has no member.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = RANGE.fullmatch(part.strip())
        numbers = [] if found is None else range(int(found[1]), int(found[2] or found[1]) + 1)
        if not numbers or len(numbers) > LARGEST_RANGE:
            raise NevusError(
                f"--seeds: '{part}' is no whole number and no range such as 0-4. Give --seeds=0-4 or 0,3,7."
            )
        seeds += numbers
    return seeds


def budgets_of(text: str | None) -> list[Axis]:
    """One axis with the label budgets, if any are given.

    Raises:
        NevusError: One is no whole number and not `all`.
    """
    if text is None:
        return []
    settings = []
    for part in (part.strip() for part in text.split(",")):
        if part != ALL and not part.isdecimal():
            raise NevusError(
                f"--budgets: '{part}' is no whole number of labelled images of each class. Give --budgets=10,50,all."
            )
        value = None if part == ALL else int(part)
        settings.append(Setting(BUDGET, "null" if value is None else str(value), value, part))
    return [Axis(BUDGET, tuple(settings), "--budgets")]


def grids_of(texts: Iterable[str]) -> list[Axis]:
    """One axis for each `PATH=VALUE,VALUE`; a comma in brackets or quotes belongs to the value.

    Raises:
        NevusError: One has no path or no value.
    """
    axes = []
    for text in texts:
        name, _, values = (part.strip() for part in text.partition("="))
        parts = split(values)
        if not re.fullmatch(params.NAME, name) or not all(parts):
            raise NevusError(
                f"--grid '{text}' is not PATH=VALUE,VALUE with a value before and after each comma, such as "
                "--grid fixmatch.algorithm.confidence=0.8,0.95."
            )
        axes.append(Axis(name, tuple(setting(name, part) for part in parts)))
    return axes


def searches_of(texts: Iterable[str]) -> list[Space]:
    """One space for each `PATH=LOW:HIGH`, `PATH=LOW:HIGH:log` or `PATH=VALUE,VALUE`.

    Raises:
        NevusError: One is nothing of these, or holds nothing to choose from.
    """
    spaces = []
    for text in texts:
        name, _, given = (part.strip() for part in text.partition("="))
        ends, parts = ENDS.fullmatch(given), split(given)
        if not re.fullmatch(params.NAME, name) or not all(parts) or (ends is None and len(parts) < 2):
            raise NevusError(
                f"--search '{text}' is no range PATH=LOW:HIGH or PATH=LOW:HIGH:log and no list of two values or more, "
                "PATH=VALUE,VALUE. Give such as --search fixmatch.algorithm.confidence=0.5:0.99."
            )
        if ends is None:
            settings = tuple(setting(name, part) for part in parts)
            spaces.append(Space(Axis(name, settings, SEARCH), "values"))
        else:
            spaces.append(_range(name, text, ends))
    return spaces


def _range(name: str, text: str, ends: re.Match[str]) -> Space:
    whole = all(re.fullmatch(r"[+-]?\d+", end) for end in ends.group(1, 2))
    low, high = (int(end) if whole else float(end) for end in ends.group(1, 2))
    if low >= high:
        raise NevusError(f"--search '{text}': {low} is not below {high}. Give the lower end first.")
    if ends[3] and low <= 0:
        raise NevusError(
            f"--search '{text}': on a logarithmic scale the lower end is above 0, but it is {low}. Give a higher "
            "one, or leave :log out."
        )
    settings = tuple(Setting(name, str(end), end, str(end)) for end in (low, high))
    return Space(Axis(name, settings, SEARCH), "log" if ends[3] else "linear", whole)


def trials_of(trials: int | None) -> int:
    """How many trials a search makes.

    Raises:
        NevusError: None are given, or fewer than one.
    """
    if trials is None or trials < 1:
        given = "is not given" if trials is None else f"is {trials}"
        raise NevusError(f"--trials {given}, but a search makes one or more. Give such as --trials=20.")
    return trials


def fixed_of(texts: Iterable[str]) -> list[Setting]:
    """What --params gives; a later one replaces an earlier one.

    Raises:
        NevusError: An item is not `name=value`.
    """
    try:
        given = dict(params.items(list(texts)))
    except ValueError as error:
        raise NevusError(f"--params: {error}") from error
    return [setting(name, text) for name, text in given.items()]


def setting(name: str, text: str) -> Setting:
    """A parameter with the value that `kedro run` would read.

    Raises:
        NevusError: It cannot be read.
    """
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        value: Any = look_up(params.parse([f"{name}={text}"]), tuple(name.split(".")))
    except (ValueError, OmegaConfBaseException, YAMLError) as error:
        raise NevusError(f"{name}={text} cannot be read: {error}") from error
    taken_over = TAKEN_OVER.fullmatch(text.strip())
    return Setting(name, text, value, taken_over[1] if taken_over else text.strip().strip(QUOTES))


def split(text: str) -> list[str]:
    """Split at the commas that are in no brackets and no quotes."""
    parts, closing, quote = [""], list[str](), ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in QUOTES:
            quote = sign
        elif sign in BRACKETS:
            closing.append(BRACKETS[sign])
        elif closing and sign == closing[-1]:
            closing.pop()
        elif sign == "," and not closing:
            parts.append("")
            continue
        parts[-1] += sign
    return [part.strip() for part in parts]


def jobs_of(text: str) -> int | None:
    """How many runs go on at a time; None leaves it to the machine.

    Raises:
        NevusError: It is no whole number above 0.
    """
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise NevusError(f"--jobs: '{text}' is no whole number above 0. Give one, or auto: one run a processor.")
    return int(text)


def name_of(name: str | None, pipelines: Sequence[str], *swept: Any) -> str:
    """The name of the sweep: the one given, or that of its pipelines with a hash of all that it is made of.

    Raises:
        NevusError: The name given cannot be that of a folder.
    """
    from nevus.corpus.fingerprint import fingerprint

    if name is None:
        shown = "+".join(pipelines)
        shown = shown if len(shown) <= LONGEST else f"{pipelines[0]}+{len(pipelines) - 1}"
        return f"{shown}-{fingerprint(list(pipelines), *swept)[:6]}"
    if not NAME.fullmatch(name):
        raise NevusError(
            f"--name: {name!r} names a folder, so it must be of letters, digits, '-', '_', '+' and '.', at most 64, "
            "the first a letter or digit, such as confidences."
        )
    return name
