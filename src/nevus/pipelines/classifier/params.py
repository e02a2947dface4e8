"""Parameters of every classifier trained here."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, SerializeAsAny, field_validator, model_validator

from nevus.augment.options import CopiesOptions, Policy, ViewPolicy
from nevus.contracts import NevusError, Options
from nevus.lookup import NamedIn, checked_options, find
from nevus.networks.options import NetworkOptions, TimmOptions
from nevus.training.options import LoopOptions, LossOptions, MetadataOptions, OptimizerOptions, SelectionOptions

ALGORITHMS = "nevus.algorithms"
START = "start"  # the parameter that names the run whose features a training starts from


def _known(network: NetworkOptions) -> NetworkOptions:
    """Ask timm for its name before anything runs; timm is imported where a method has one of its networks."""
    if isinstance(network, TimmOptions):
        from nevus.networks.backbones import check_name

        try:
            check_name(network.name)
        except NevusError as error:
            raise ValueError(str(error).removesuffix(".")) from error
    return network


KnownNetwork: TypeAlias = Annotated[NetworkOptions, AfterValidator(_known)]


class TrainingParams(Options):
    """A network and how it learns from labelled images: what a fair comparison keeps equal.

    Attributes:
        network: The network.
        start: Name of a finished run, such as "simclr/seed0", whose features it starts from; null starts from random
            weights, or those that the network's own options name.
        copies: Changed copies of the labelled images, made before training.
        augment: How labelled images are changed while training.
        loss: On the labelled images.
        optimizer: The optimizer and its schedule.
        loop: Steps, batch, averaging, checkpoints.
        selection: Choose the step by validation images; null predicts with the last step.
        average_d4: Average predictions over the eight symmetries of the square.
        metadata: Let age, sex and site count beside the image; null predicts from the image alone.
    """

    network: KnownNetwork
    start: str | None = Field(min_length=1)
    copies: CopiesOptions
    augment: Policy
    loss: LossOptions
    optimizer: OptimizerOptions
    loop: LoopOptions
    selection: SelectionOptions | None
    average_d4: bool
    metadata: MetadataOptions | None

    def ancestors(self) -> dict[str, tuple[str, ...]]:
        """Finished runs that the training builds on, names or patterns, by the parameters that name them."""
        return {} if self.start is None else {START: (self.start,)}

    @property
    def images_a_step(self) -> int:
        """Images of the corpus that an update reads, each once, whatever the number of its views."""
        return self.loop.labeled_batch


class UnlabeledOptions(Options):
    """Unlabelled images in a batch, for the algorithms that read them.

    Attributes:
        batch: Unlabelled images a step.
        weak: How they are changed a little.
        strong: How they are changed a lot.
    """

    batch: int = Field(ge=2)
    weak: ViewPolicy
    strong: ViewPolicy


class SharedParams(TrainingParams):
    """The block `classifier`: what the blocks of the methods take over by interpolation.

    Attributes:
        unlabeled: Views of the unlabelled images.
    """

    unlabeled: UnlabeledOptions


class ClassifierParams(TrainingParams):
    """A classifier trained by one algorithm.

    Attributes:
        algorithm: Its `name`, a module in `nevus.algorithms`, and its own options.
        unlabeled: Views of the unlabelled images; null where the algorithm reads none.
    """

    algorithm: Annotated[SerializeAsAny[Options], NamedIn(ALGORITHMS)]
    unlabeled: UnlabeledOptions | None

    @property
    def images_a_step(self) -> int:
        """Labelled and unlabelled ones."""
        return super().images_a_step + (0 if self.unlabeled is None else self.unlabeled.batch)

    @field_validator("algorithm", mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """Let the algorithm's own model check its options. It needs torch, so it is imported only now."""
        return checked_options(ALGORITHMS, value)

    @model_validator(mode="after")
    def _reads_what_it_gets(self) -> ClassifierParams:
        name = self.algorithm.name  # type: ignore[attr-defined]
        views = find(ALGORITHMS, name).views
        if views and self.unlabeled is None:
            raise ValueError(f"'{name}' reads unlabelled images; set unlabeled to ${{classifier.unlabeled}}")
        if not views and self.unlabeled is not None:
            raise ValueError(f"'{name}' reads no unlabelled images; set unlabeled to null")
        return self
