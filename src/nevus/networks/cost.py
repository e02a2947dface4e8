"""What a network costs, without computing anything with it."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nevus.networks.classifier import ClassifierNetwork


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
    body = _Body(network)
    nothing = {key: value.to("meta") for key, value in (*body.named_parameters(), *body.named_buffers())}
    modes = [(part, part.training) for part in network.modules()]
    body.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        torch.func.functional_call(body, nothing, torch.empty(1, 3, seen, seen, device="meta"))
    for part, training in modes:
        part.training = training
    return Cost(sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops())
