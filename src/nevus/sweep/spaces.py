"""Parameters that a search chooses: a range of numbers, or some values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nevus.sweep.points import Axis, Setting

DIGITS = 4  # of a number that a search tries; finer differences no score can tell


@dataclass(frozen=True)
class Space:
    """A parameter with what a search may give it.

    Attributes:
        axis: Its name, and the values that are checked before anything runs: the ends of a range, or all values.
        scale: "linear" or "log" of a range; "values" where it is none.
        whole: Whether a range is of whole numbers.
    """

    axis: Axis
    scale: str
    whole: bool = False

    @property
    def name(self) -> str:
        """Of the parameter."""
        return self.axis.name

    def distribution(self) -> Any:
        """As Optuna has it; values are their texts."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.scale == "values":
            return CategoricalDistribution([one.text for one in self.axis.settings])
        kind = IntDistribution if self.whole else FloatDistribution
        low, high = (one.value for one in self.axis.settings)
        return kind(low, high, log=self.scale == "log")

    def setting(self, value: Any) -> Setting:
        """The parameter with a value that Optuna has chosen, rounded to `DIGITS` inside its range."""
        if self.scale == "values":
            return next(one for one in self.axis.settings if one.text == value)
        low, high = self.axis.settings
        if value in (low.value, high.value):
            return low if value == low.value else high
        number = value if self.whole else min(max(float(f"{value:.{DIGITS}g}"), low.value), high.value)
        return Setting(self.name, str(number), number, str(number))
