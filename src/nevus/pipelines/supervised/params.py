"""Parameters of every classifier trained here, with or without a GAN beside it."""

from pydantic import Field

from nevus.augment.options import AugmentOptions
from nevus.contracts import Options
from nevus.networks.options import NetworkOptions
from nevus.training.options import LoopOptions, OptimizerOptions


class ClassifierParams(Options):
    """A network and how it learns from labelled images.

    The semi-supervised GAN and its baseline read the same block, so that the two cannot differ in anything but the GAN.

    Attributes:
        seed: Of the weights, the batches and the augmentation.
        network: The network.
        augment: How labelled images are changed while training.
        optimizer: AdamW and its schedule.
        loop: Steps, batch, averaging, checkpoints.
        average_d4: Average predictions over the eight symmetries of the square.
    """

    seed: int = Field(ge=0, lt=2**31)
    network: NetworkOptions
    augment: AugmentOptions
    optimizer: OptimizerOptions
    loop: LoopOptions
    average_d4: bool
