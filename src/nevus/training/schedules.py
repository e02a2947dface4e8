"""How the learning rate changes over a training of known length."""

import math

import torch
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from nevus.training.options import OptimizerOptions

ONE_CYCLE_WARMUP = 0.25  # PyTorch's own is 0.3


def scheduled(optimizer: torch.optim.Optimizer, options: OptimizerOptions, *, steps: int) -> LRScheduler:
    """A schedule that reaches the end with the last of `steps` updates; move it on after each.

    Args:
        optimizer: The learning rates of its groups are the largest that they will have.
        options: `schedule` and what belongs to it.
        steps: Updates of the whole training.
    """
    if options.schedule != "one_cycle":
        return LambdaLR(optimizer, lambda step: factor(options, step=step, steps=steps))
    share = ONE_CYCLE_WARMUP if options.warmup is None else options.warmup
    if share * (steps + 1) == 1:  # the way up would take no step at all, and PyTorch divides by its length
        share *= 1 + 1e-9
    # total_steps is one more than the updates: PyTorch steps the schedule once when it is made.
    largest = [group["lr"] for group in optimizer.param_groups]
    return OneCycleLR(optimizer, largest, total_steps=steps + 1, pct_start=share, cycle_momentum=False)


def factor(options: OptimizerOptions, *, step: int, steps: int) -> float:
    """What "constant", "cosine" and "step" multiply the learning rate of an update by.

    The first round(warmup * steps) updates rise in equal parts to 1 and never start at 0, at which nothing would move.

    Args:
        options: `schedule` and what belongs to it.
        step: Number of the update, from 0.
        steps: Updates of the whole training.

    Returns:
        Between 0 and 1.
    """
    rising = round((options.warmup or 0.0) * steps)
    if step < rising:
        return (step + 1) / rising
    if options.schedule == "cosine":
        return (1 + math.cos(math.pi * (step - rising) / (steps - rising))) / 2
    if options.schedule == "step":
        return options.milestone_factor ** sum(step >= share * steps for share in options.milestones)
    return 1.0
