"""What every algorithm is: a module that turns a network and a batch into a loss."""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor, nn

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
        labels_shape_features: Whether the features learn from labels; where they do not, the network may be the start
            of another that is scored on images whose labels were known here.
    """

    Options: ClassVar[type[AlgorithmOptions]] = AlgorithmOptions
    views: ClassVar[tuple[str, ...]] = ()
    wants_teacher: ClassVar[bool] = False
    teacher: Network
    wants_snapshot: ClassVar[bool] = False
    snapshot: Network
    take_snapshot: Callable[[], None]
    labels_shape_features: ClassVar[bool] = True

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


class ConsistencyOptions(AlgorithmOptions):
    """How much agreement counts.

    Attributes:
        weight: Of the mean squared difference of the probabilities, summed over the classes, beside the loss on the
            labelled images.
        ramp: Share of the steps in which it grows to that weight.
    """

    weight: float = Field(ge=0)
    ramp: float = Field(ge=0, le=1)


class Consistency(Algorithm):
    """Algorithms that want two predictions to agree, more and more."""

    Options: ClassVar[type[AlgorithmOptions]] = ConsistencyOptions

    def together(self, labeled: Tensor, unlabeled: Tensor, batch: Batch) -> StepOutput:
        """The loss on the labelled images plus the ramped and weighted disagreement, both scalars with their graphs."""
        grown = self.task.ramp_up(int(batch.metadata["step"]), self.options.ramp)
        scalars = {"labeled_loss": labeled.detach(), "unlabeled_loss": unlabeled.detach()}
        return StepOutput(labeled + self.options.weight * grown * unlabeled, scalars)


def disagreement(one: Tensor, other: Tensor) -> Tensor:
    """Mean over the images of the squared difference of (N, K) probabilities, summed over the classes."""
    return (one - other).square().sum(dim=1).mean()
