"""What every algorithm is: a module that turns a network and a batch into a loss."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import nn

from nevus.contracts import Batch, Options, StepOutput, Task

Network = Callable[..., Any]  # (N, 3, H, W) to (N, K) logits in float32; with return_features=True (features, logits)


class AlgorithmOptions(Options):
    """Settings of one algorithm.

    Attributes:
        name: Module in `nevus.algorithms`.
    """

    name: str


class Algorithm(nn.Module):
    """The mathematics of one paper. One file holds the algorithm and its options.

    State that changes while training (thresholds, class frequencies) is a buffer: checkpoints keep it.

    Attributes:
        Options: Model of the parameter block `algorithm`.
        views: Which views of the unlabelled images it reads: some of "weak" and "strong". Others are not made.
        wants_teacher: Whether it reads `teacher`.
        teacher: The network with the running mean of the weights, called like the network; its gradients are off.
        wants_snapshot: Whether it reads `snapshot`.
        snapshot: The teacher as it was when `take_snapshot` was called last, in evaluation mode; checkpoints keep it.
        take_snapshot: Makes it anew.
    """

    Options: ClassVar[type[AlgorithmOptions]] = AlgorithmOptions
    views: ClassVar[tuple[str, ...]] = ()
    wants_teacher: ClassVar[bool] = False
    teacher: Network
    wants_snapshot: ClassVar[bool] = False
    snapshot: Network
    take_snapshot: Callable[[], None]

    def __init__(self, options: Any, task: Task) -> None:
        super().__init__()
        self.options, self.task = options, task

    def forward(self, model: Network, batch: Batch) -> StepOutput:
        """Compute the loss of one step.

        Args:
            model: The network in training: (N, 3, H, W) to (N, K) logits, float32 whatever the precision. Call it once
                for all images where batch normalisation shall see them together.
            batch: Labelled images and targets, and the declared views of unlabelled images.

        Returns:
            A scalar with its graph, and detached scalars to log.
        """
        raise TypeError(f"{type(self).__name__} has no forward(model, batch)")
