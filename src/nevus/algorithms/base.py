"""What every algorithm is: a module that turns a network and a batch into a loss."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import Any, ClassVar

from torch import nn

from nevus.contracts import Batch, NevusError, Options, StepOutput, Task

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
    """

    Options: ClassVar[type[AlgorithmOptions]] = AlgorithmOptions
    views: ClassVar[tuple[str, ...]] = ()
    wants_teacher: ClassVar[bool] = False
    teacher: Network

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


def algorithm_names() -> list[str]:
    """Names of all algorithms: the modules of this package."""
    package = import_module("nevus.algorithms")
    return sorted(module.name for module in iter_modules(package.__path__) if module.name != "base")


def algorithm_class(name: str) -> type[Algorithm]:
    """The algorithm that a module of this package defines.

    Raises:
        NevusError: There is no such module.
    """
    if not name.isidentifier() or name == "base" or find_spec(f"nevus.algorithms.{name}") is None:
        raise NevusError(f"there is no algorithm '{name}'. Algorithms: {', '.join(algorithm_names())}.")
    module = import_module(f"nevus.algorithms.{name}")
    defined = (value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Algorithm))
    return next(value for value in defined if value.__module__ == module.__name__)
