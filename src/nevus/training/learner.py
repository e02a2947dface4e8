"""One learner for every classifier method: a network, an algorithm, an optimizer and a running mean of the weights."""

from collections.abc import Callable
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from nevus.contracts import Batch, StepOutput
from nevus.training.averaging import averaged, hand_teacher
from nevus.training.learner_state import Parts
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.runtime import Runtime


class Learner(Parts):
    """Update a network by an algorithm's loss; predict with the running mean of its weights.

    Args:
        model: (N, 3, H, W) to (N, K) logits.
        algorithm: Called with the network and a batch, returns a `StepOutput`; its own parameters train too. Where it
            has a true `wants_teacher`, it gets the averaged network as `teacher`; where it has a true `wants_snapshot`,
            copies of that as `snapshot`.
        batches: The batch of a step.
        optimizer: Settings of the optimizer.
        loop: Settings of the loop.
        runtime: Device and precision.
    """

    def __init__(
        self,
        model: nn.Module,
        algorithm: nn.Module,
        batches: Callable[[int], Batch],
        *,
        optimizer: OptimizerOptions,
        loop: LoopOptions,
        runtime: Runtime,
    ) -> None:
        self.model = runtime.place(model)
        self.algorithm = algorithm.to(runtime.device)
        # Before the mean, which is frozen alike.
        self.optimizer = ScheduledOptimizer(self.model, optimizer, steps=loop.steps, beside=self.algorithm)
        self.average = averaged(self.model, loop.ema_decay)
        self.parts = {
            "model": self.model,
            "average": self.average,
            "optimizer": self.optimizer,
            "algorithm": self.algorithm,
        }
        self.network = runtime.in_precision(self.model)
        if getattr(algorithm, "wants_snapshot", False):
            copy = deepcopy(self.average.module).requires_grad_(False).eval()
            self.parts["snapshot"] = copy
            object.__setattr__(self.algorithm, "snapshot", runtime.in_precision(copy))
            take = partial(take_over, copy, self.average.module)
            object.__setattr__(self.algorithm, "take_snapshot", take)
        hand_teacher(self.algorithm, self.average, runtime)
        self.batches, self.runtime = batches, runtime

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The modules whose code decides what is learnt."""
        return self.model, self.algorithm

    def step(self, index: int) -> dict[str, Tensor]:
        """One update on one batch."""
        batch = self.batches(index)
        output: StepOutput = self.algorithm(self.network, batch)
        rate = torch.tensor(self.optimizer.learning_rate, device=self.runtime.device)
        self.optimizer.update(output.loss)
        self.average.update_parameters(self.model)
        return {**output.scalars, "learning_rate": rate}


@torch.no_grad()
def take_over(copy: nn.Module, model: nn.Module) -> None:
    """Give a copy the weights and the buffers that the model has now."""
    copy.load_state_dict(model.state_dict())
