"""Choose a step of a training by images that do not train: keep the best, stop when it gets no better."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nevus.training.options import SelectionOptions

Weights = dict[str, Tensor]
LOWER_IS_BETTER = ("brier",)


Scores = Callable[[nn.Module], Mapping[str, float]]


class Looks(Protocol):
    """How often a network is scored, and when to stop."""

    @property
    def every(self) -> int:
        """Steps between two looks."""

    @property
    def patience(self) -> int | None:
        """Stop when so many steps have brought no better score; None: never."""


class BestStep:
    """Scores the averaged network now and then, and keeps the weights of the best score.

    Args:
        average: The network that is kept.
        scores: Scores it by names; all are logged.
        options: How often, and when to stop.
        metric: The score that chooses.
        lower_is_better: Of that score.
    """

    def __init__(
        self, average: nn.Module, scores: Scores, options: Looks, *, metric: str, lower_is_better: bool
    ) -> None:
        self.average, self.scores, self.options = average, scores, options
        self.metric, self.sign = metric, -1 if lower_is_better else 1
        self.best: Weights = {}
        self.last: Weights = {}
        self.best_score, self.best_step, self.stopped = float("-inf"), 0, False

    def look(self, step: int, *, last: bool) -> dict[str, Tensor]:
        """Score where it is time to; the first of equal scores is kept.

        Args:
            step: Updates done so far.
            last: Whether there will be no more; the last step is always scored.

        Returns:
            The scores to log, or nothing.
        """
        if not last and step % self.options.every:
            return {}
        found = self.scores(self.average)
        score = self.sign * found[self.metric]
        if score > self.best_score:
            self.best_score, self.best_step = score, step
            self.best = copied(self.average)
        patience = self.options.patience
        self.stopped = patience is not None and step - self.best_step >= patience
        return {name: torch.tensor(value) for name, value in found.items()}

    def restore_best(self) -> None:
        """Give the averaged network the weights of the best score; those that it had are `last`."""
        self.last = copied(self.average)
        self.average.load_state_dict(self.best)

    def state_dict(self) -> dict[str, Any]:
        """Everything that has to be kept."""
        return {
            "best": self.best,
            "best_score": self.best_score,
            "best_step": self.best_step,
            "stopped": self.stopped,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self.best, self.best_score = state["best"], state["best_score"]
        self.best_step, self.stopped = state["best_step"], state["stopped"]


class Selection(BestStep):
    """Chooses by a metric of validation images.

    Args:
        average: The network that predicts.
        scores: Scores it: `validation_auc` and so on, whatever is to be logged.
        options: By which metric, how often, and when to stop.
    """

    def __init__(self, average: nn.Module, scores: Scores, options: SelectionOptions) -> None:
        lower = options.metric in LOWER_IS_BETTER
        super().__init__(average, scores, options, metric=f"validation_{options.metric}", lower_is_better=lower)


def copied(network: nn.Module) -> Weights:
    """The weights as they are now."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
