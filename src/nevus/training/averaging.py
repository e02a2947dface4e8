"""Running means of weights."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from nevus.training.runtime import Runtime


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """An exponential moving average of a model's parameters.

    The decay grows as (1 + t) / (10 + t) up to `decay`, so that a short training does not keep its random start
    (as in TensorFlow's and timm's averages). Buffers are copied, not averaged, as in PyTorch's default and StyleGAN's
    generator: the statistics of batch normalisation are running means already, counters are whole numbers, and the
    vectors of spectral normalisation would lose their unit length.

    Args:
        model: What is averaged; the copy is made now.
        decay: Largest decay a step.

    Returns:
        A module that predicts with the means; call its `update_parameters(model)` after each update of the model.
    """
    return AveragedModel(model, multi_avg_fn=warm(decay), use_buffers=False)


def warm(decay: float) -> Callable[[Any, Any, Any], None]:
    """The update of `averaged` for `AveragedModel`."""

    @torch.no_grad()
    def update(means: list[Tensor], values: list[Tensor], count: Tensor | int) -> None:
        now = min(decay, (1 + int(count)) / (10 + int(count)))
        torch._foreach_lerp_(means, values, 1 - now)

    return update


def hand_teacher(to: object, average: AveragedModel, runtime: Runtime) -> None:
    """Give an algorithm or an objective that has a true `wants_teacher` the averaged network, without gradients.

    Args:
        to: Gets it as `teacher`.
        average: Of the network in training.
        runtime: In whose precision it is called.
    """
    if getattr(to, "wants_teacher", False):
        average.requires_grad_(False)
        # Past nn.Module: the average is a part of its own, not one of the algorithm's.
        object.__setattr__(to, "teacher", runtime.in_precision(average))


def weights_of(model: AveragedModel) -> dict[str, Tensor]:
    """The averaged weights under the names of the model itself, contiguous and on the CPU, ready to be saved."""
    return {name: value.detach().cpu().contiguous() for name, value in model.module.state_dict().items()}
