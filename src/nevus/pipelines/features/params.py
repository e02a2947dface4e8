"""Parameters of the features; their values live in conf/base/parameters/features.yml."""

from typing import Literal

from pydantic import field_validator

from nevus.contracts import Options
from nevus.pipelines.classifier.params import KnownNetwork


class FeaturesParams(Options):
    """What makes features of images.

    Attributes:
        network: The network; its head is not used.
        average_d4: Take the mean over the eight symmetries of the square.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
    """

    network: KnownNetwork
    average_d4: bool
    device: Literal["auto", "cpu", "cuda"]

    @field_validator("network")
    @classmethod
    def _looks_at_no_other_image(cls, network: KnownNetwork) -> KnownNetwork:
        if network.normalisation == "feature":
            raise ValueError(
                "has normalisation feature, with statistics of training images, but features are made of all images, "
                "before they are split. Set it to none, imagenet or sample"
            )
        return network
