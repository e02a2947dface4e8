"""The optimizer and its schedule, as one thing."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from nevus.training.options import OptimizerOptions


class ScheduledOptimizer:
    """AdamW with a schedule over a known number of steps."""

    def __init__(self, parameters: Iterable[nn.Parameter], options: OptimizerOptions, *, steps: int) -> None:
        self.adam = torch.optim.AdamW(
            parameters,
            lr=options.learning_rate,
            betas=(options.beta1, 0.99),
            weight_decay=options.weight_decay,
            fused=True,
        )
        self.schedule: torch.optim.lr_scheduler.LRScheduler
        if options.schedule == "one_cycle":
            # total_steps is one more than the updates: PyTorch steps the schedule once when it is made.
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                self.adam, options.learning_rate, total_steps=steps + 1, pct_start=0.25, cycle_momentum=False
            )
        else:
            self.schedule = torch.optim.lr_scheduler.ConstantLR(self.adam, factor=1.0)

    @property
    def learning_rate(self) -> float:
        """The step size of the next update."""
        return float(self.adam.param_groups[0]["lr"])

    def update(self, loss: torch.Tensor) -> None:
        """Clear the gradients, compute new ones, change the weights, move the schedule on."""
        self.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        self.schedule.step()

    def state_dict(self) -> dict[str, Any]:
        """Of the optimizer and the schedule."""
        return {"adam": self.adam.state_dict(), "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self.adam.load_state_dict(state["adam"])
        self.schedule.load_state_dict(state["schedule"])
