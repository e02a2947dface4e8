"""Choose a step of a training by validation images: keep the best, stop when it gets no better."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nevus.training.options import SelectionOptions

LOWER_IS_BETTER = ("brier",)


class Selection:
    """Scores the averaged network now and then, and keeps the weights of the best score.

    Args:
        average: The network that predicts.
        scores: Scores it: `validation_auc` and so on, whatever is to be logged.
        options: By which metric, how often, and when to stop.
    """

    def __init__(
        self, average: nn.Module, scores: Callable[[nn.Module], Mapping[str, float]], options: SelectionOptions
    ) -> None:
        self.average, self.scores, self.options = average, scores, options
        self.best: dict[str, Tensor] = {}
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
        sign = -1 if self.options.metric in LOWER_IS_BETTER else 1
        score = sign * found[f"validation_{self.options.metric}"]
        if score > self.best_score:
            self.best_score, self.best_step = score, step
            self.best = {name: value.detach().clone() for name, value in self.average.state_dict().items()}
        patience = self.options.patience
        self.stopped = patience is not None and step - self.best_step >= patience
        return {name: torch.tensor(value) for name, value in found.items()}

    def restore_best(self) -> None:
        """Give the averaged network the weights of the best score."""
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
