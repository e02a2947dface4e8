"""What a network costs, without computing anything with it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nevus.networks.classifier import ClassifierNetwork
from nevus.networks.critics import CriticNetwork
from nevus.networks.generators import GeneratorNetwork


class Cost(NamedTuple):
    """Of one network.

    Attributes:
        parameters: Numbers that training can change.
        flops: Floating-point operations of one image's forward pass, a multiplication and an addition counting as two;
            of convolutions and matrix products, beside which the rest is little.
    """

    parameters: int
    flops: int


class _Body(nn.Module):
    """The network behind its input layer, whose statistics may not be known yet."""

    def __init__(self, network: ClassifierNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.forward_head(self.network.embed(x))


def cost_of(network: ClassifierNetwork, size: int) -> Cost:
    """Count the parameters and the operations of a network; its weights and its mode stay as they are.

    Args:
        network: On any device.
        size: Height and width of the images of the corpus in pixels.
    """
    seen = network.resize or size
    return _count(_Body(network), torch.empty(1, 3, seen, seen, device="meta"))


def cost_in_a_game(network: GeneratorNetwork | CriticNetwork, size: int) -> Cost:
    """The same of a generator or a critic that is not conditional.

    Args:
        network: On any device.
        size: Height and width of the images of the corpus in pixels.
    """
    shape = (1, network.latent) if isinstance(network, GeneratorNetwork) else (1, 3, size, size)
    return _count(network, torch.empty(shape, device="meta"))


def _count(body: nn.Module, example: Tensor) -> Cost:
    """Of a network and one example without values."""
    nothing = {key: value.detach().to("meta") for key, value in (*body.named_parameters(), *body.named_buffers())}
    modes = [(part, part.training) for part in body.modules()]
    body.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        torch.func.functional_call(body, nothing, example)
    for part, training in modes:
        part.training = training
    return Cost(sum(parameter.numel() for parameter in body.parameters()), counter.get_total_flops())
