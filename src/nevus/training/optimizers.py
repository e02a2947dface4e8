"""The optimizer and its schedule, as one thing."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from nevus.training.groups import exempt_names, freeze, hold_statistics, parameter_groups
from nevus.training.options import OptimizerOptions
from nevus.training.schedules import scheduled


class ScheduledOptimizer:
    """An optimizer with a schedule over a known number of steps.

    Args:
        model: The network, or the names and parameters of it that are to be trained.
        beside: Trained too, such as an algorithm. It stands on the network, so layers below learn no slower and none is
            frozen; norms and biases decay, and a `head` learns, as those of the network do. May have no parameters.
        options: Which optimizer, its groups, clipping and schedule; what `frozen` names loses its gradients here, and
            its batch normalisations keep their statistics, until the share `unfreeze` of the steps is done.
        steps: Updates of the whole training.

    Raises:
        TrainingError: `frozen` names what there is not, or leaves nothing to train.
    """

    def __init__(
        self,
        model: nn.Module | Iterable[tuple[str, nn.Parameter]],
        options: OptimizerOptions,
        *,
        steps: int,
        beside: nn.Module | None = None,
    ) -> None:
        named = list(model.named_parameters() if isinstance(model, nn.Module) else model)
        exempt = exempt_names(model) if isinstance(model, nn.Module) else set()
        self._frozen = freeze(named, options.frozen)
        self._held = hold_statistics(model) if isinstance(model, nn.Module) else []
        self._thaws_at = None if options.unfreeze is None else round(options.unfreeze * steps)
        groups = parameter_groups(named, options, exempt=exempt, later=self._frozen if options.unfreeze else ())
        owned = () if beside is None else beside.named_parameters()
        own = [(name, parameter) for name, parameter in owned if parameter.requires_grad]
        if own:
            groups += parameter_groups(own, options.model_copy(update={"layer_decay": None}))
        self.optimizer = build_optimizer(groups, options)
        self.schedule = scheduled(self.optimizer, options, steps=steps)
        self.clip_norm = options.clip_norm

    @property
    def learning_rate(self) -> float:
        """The step size of the next update; the largest where layers have their own."""
        return max(float(group["lr"]) for group in self.optimizer.param_groups)

    def update(self, loss: torch.Tensor) -> None:
        """Clear the gradients, compute new ones, change the weights, move the schedule on."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.clip_norm is not None:
            trained = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
            nn.utils.clip_grad_norm_(trained, self.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self._thaw()

    def _thaw(self) -> None:
        """Let what was frozen train, when it is time."""
        if self._thaws_at is None or self.schedule.last_epoch < self._thaws_at:
            return
        for parameter in self._frozen:
            parameter.requires_grad_(True)
        for module in self._held:
            module.train()
        self._thaws_at = None

    def state_dict(self) -> dict[str, Any]:
        """Of the optimizer and the schedule."""
        return {"optimizer": self.optimizer.state_dict(), "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from `state_dict`."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self._thaw()


def build_optimizer(groups: list[dict[str, Any]], options: OptimizerOptions) -> torch.optim.Optimizer:
    """PyTorch's optimizer of that name, fused: one kernel for all parameters of a group.

    Args:
        groups: With `params`, `lr` and `weight_decay`.
        options: `name` and what belongs to it.
    """
    if options.name == "sgd":
        return torch.optim.SGD(
            groups, options.learning_rate, momentum=options.momentum, nesterov=options.nesterov, fused=True
        )
    kind = torch.optim.AdamW if options.name == "adamw" else torch.optim.Adam
    return kind(groups, options.learning_rate, betas=(options.beta1, options.beta2), fused=True)
