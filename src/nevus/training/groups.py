"""Which parameters train, and which of them learn slower or do not decay."""

from collections.abc import Collection, Sequence
from itertools import takewhile
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from nevus.contracts import TrainingError
from nevus.training.options import OptimizerOptions

Named = Sequence[tuple[str, nn.Parameter]]


def parameter_groups(
    named: Named, options: OptimizerOptions, *, exempt: Collection[str] = (), later: Sequence[nn.Parameter] = ()
) -> list[dict[str, Any]]:
    """Groups for a PyTorch optimizer: one for each pair of learning rate and weight decay, in order of appearance.

    Args:
        named: Names and parameters, from the input of the network to its output; those that need no gradient are left
            out.
        options: `learning_rate`, `weight_decay`, `decay_norms_and_biases`, `layer_decay` and `head_factor`.
        exempt: Names that do not decay either where norms and biases do not.
        later: Parameters that need no gradient yet, and are not left out.

    Returns:
        Dictionaries with `params`, `lr` and `weight_decay`.

    Raises:
        TrainingError: No parameter trains.
    """
    if not any(parameter.requires_grad for _, parameter in named):
        raise TrainingError("no parameter of the network trains. Take names out of optimizer.frozen.")
    waiting = {id(parameter) for parameter in later}
    trained = [(name, one) for name, one in named if one.requires_grad or id(one) in waiting]
    layers = list(dict.fromkeys(layer_of(name) for name, _ in named))
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in trained:
        decays = options.decay_norms_and_biases or not (parameter.ndim <= 1 or name in exempt)
        above = len(layers) - 1 - layers.index(layer_of(name))
        rate = options.learning_rate * (1.0 if options.layer_decay is None else options.layer_decay**above)
        if name.startswith("head."):
            rate *= options.head_factor
        groups.setdefault((rate, options.weight_decay if decays else 0.0), []).append(parameter)
    return [{"params": some, "lr": rate, "weight_decay": decay} for (rate, decay), some in groups.items()]


def layer_of(name: str) -> str:
    """The layer of a parameter: its name up to the first number, or without its last part where it has none.

    So "stages.2.conv1.weight" is of "stages.2", "head.bias" of "head". timm's networks number their blocks too.
    """
    parts = name.split(".")
    before = list(takewhile(lambda part: not part.isdecimal(), parts))
    if len(before) < len(parts):
        return ".".join(parts[: len(before) + 1])
    module = list(takewhile(lambda part: part != "parametrizations", parts))
    return ".".join(parts[:-1] if module == parts else module)


def freeze(named: Named, names: Sequence[str]) -> list[nn.Parameter]:
    """Turn off the gradients of the named modules and parameters.

    Buffers are not parameters; `hold_statistics` keeps those of frozen normalisations.

    Args:
        named: Names and parameters.
        names: Whole names or their beginnings up to a dot: "stages.1" is not the beginning of "stages.10".

    Returns:
        These parameters.

    Raises:
        TrainingError: A name is that of no parameter.
    """
    frozen: list[nn.Parameter] = []
    for wanted in names:
        found = [parameter for name, parameter in named if name == wanted or name.startswith(f"{wanted}.")]
        if not found:
            known = ", ".join(dict.fromkeys(layer_of(name) for name, _ in named))
            raise TrainingError(
                f"optimizer.frozen names '{wanted}', but no parameter is called so. The layers are: {known}."
            )
        frozen += found
        for parameter in found:
            parameter.requires_grad_(False)
    return frozen


def hold_statistics(model: nn.Module) -> list[nn.Module]:
    """Put batch normalisations whose parameters are all frozen into evaluation mode.

    They then normalise by their running statistics, which stay as they are: statistics that followed the new images
    would change what the frozen layers compute.

    Args:
        model: In training mode; what is frozen has no gradients any more.

    Returns:
        These normalisations.
    """
    held: list[nn.Module] = []
    for module in model.modules():
        parameters = list(module.parameters()) if isinstance(module, _BatchNorm) else []
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            held.append(module.eval())
    return held


def exempt_names(model: nn.Module) -> set[str]:
    """The parameters that a network says should never decay, by timm's method `no_weight_decay`: tokens, positions."""
    named = model.named_modules()
    saying = ((prefix, part.no_weight_decay) for prefix, part in named if hasattr(part, "no_weight_decay"))
    return {f"{prefix}.{name}".lstrip(".") for prefix, say in saying if callable(say) for name in say()}
