"""Running means of weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """An exponential moving average of a model, buffers included.

    The decay grows as (1 + t) / (10 + t) up to `decay`, so that a short training does not keep its random start
    (as in TensorFlow's and timm's averages).
    """
    return AveragedModel(model, multi_avg_fn=warm(decay), use_buffers=True)


def warm(decay: float) -> Callable[[Any, Any, Any], None]:
    """The update of `averaged` for `AveragedModel`."""

    @torch.no_grad()
    def update(means: list[Tensor], values: list[Tensor], count: Tensor | int) -> None:
        now = min(decay, (1 + int(count)) / (10 + int(count)))
        if torch.is_floating_point(means[0]):
            torch._foreach_lerp_(means, values, 1 - now)
        else:  # counters, such as batch normalisation's
            torch._foreach_copy_(means, values)

    return update


def weights_of(model: AveragedModel) -> dict[str, Tensor]:
    """The averaged weights under the names of the model itself, contiguous and on the CPU, ready to be saved."""
    return {name: value.detach().cpu().contiguous() for name, value in model.module.state_dict().items()}
