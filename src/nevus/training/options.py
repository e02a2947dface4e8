"""Settings of the training loops."""

from typing import Annotated, Literal

from pydantic import Field, RootModel, model_validator

from nevus.contracts import Options


class OptimizerOptions(Options):
    """How gradients change the weights, and how the step size changes over the training.

    Shares are of the steps of the whole training, so that a longer training has the same course.

    Attributes:
        name: "adamw" (arXiv:1711.05101), "adam" (arXiv:1412.6980) or "sgd".
        learning_rate: Largest step size.
        weight_decay: Decoupled weight decay; for "adam" and "sgd" it is added to the gradients.
        decay_norms_and_biases: Whether biases and other parameters of one dimension decay too, such as those of
            normalisation layers.
        beta1: Decay of the running mean of the gradients, for "adamw" and "adam"; GANs want 0.5 (arXiv:1511.06434,
            section 4).
        beta2: Decay of the running mean of their squares, for "adamw" and "adam".
        momentum: Decay of the running sum of the gradients, for "sgd".
        nesterov: Whether "sgd" looks ahead along its momentum.
        clip_norm: Gradients longer than this, all parameters taken as one vector, are shortened to it.
        layer_decay: Factor on the learning rate from each layer to the one before it (arXiv:2106.08254); see
            `nevus.training.groups.layer_of` for what a layer is.
        head_factor: Factor on the learning rate of the head, which starts from random weights where others do not.
        frozen: Names of modules or parameters that do not train, such as "stages" or "stages.0". Frozen batch
            normalisations use their running statistics and do not change them.
        unfreeze: Share of the steps after which what is frozen trains too, its learning rate that of the schedule then;
            null: never.
        schedule: "constant"; "one_cycle": up, then down to nothing by a cosine (arXiv:1708.07120); "cosine": down to
            nothing from the start (arXiv:1608.03983); "step": down by `milestone_factor` at every milestone.
        warmup: Share of the steps in which the learning rate rises; the schedule's own where null: a quarter for
            "one_cycle", else nothing.
        milestones: Shares of the steps at which "step" goes down.
        milestone_factor: What "step" multiplies the learning rate by.
    """

    name: Literal["adamw", "adam", "sgd"]
    learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0, le=10)
    decay_norms_and_biases: bool
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    momentum: float = Field(ge=0, lt=1)
    nesterov: bool
    clip_norm: float | None = Field(gt=0)
    layer_decay: float | None = Field(gt=0, le=1)
    head_factor: float = Field(gt=0)
    frozen: tuple[str, ...]
    unfreeze: float | None = Field(gt=0, lt=1)
    schedule: Literal["constant", "one_cycle", "cosine", "step"]
    warmup: float | None = Field(ge=0, lt=1)
    milestones: tuple[Annotated[float, Field(gt=0, lt=1)], ...]
    milestone_factor: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> "OptimizerOptions":
        if self.name == "sgd" and self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0. Set momentum to 0.9, or nesterov to false.")
        return self


class LoopOptions(Options):
    """What every training loop needs to know.

    Attributes:
        steps: Number of updates; see `SelectionOptions` for fewer.
        labeled_batch: Labelled images an update.
        sampling: "balanced" (as many of each class in a batch) or "natural" (as frequent as they are).
        ema_decay: Decay a step of the running mean of the weights that is used for prediction.
        log_every: Steps between two rows of the history; each row is the mean over them.
        checkpoint_every: Steps between two checkpoints.
        precision: "float32", "bfloat16" (autocast), or "auto": bfloat16 where the hardware multiplies it natively.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
        threads: Processors that one operation is spread over on a CPU, or "auto": as many as PyTorch takes, but no more
            than this process may use.
    """

    steps: int = Field(ge=1)
    labeled_batch: int = Field(ge=2)
    sampling: Literal["balanced", "natural"]
    ema_decay: float = Field(ge=0, lt=1)
    log_every: int = Field(ge=1)
    checkpoint_every: int = Field(ge=1)
    precision: Literal["auto", "float32", "bfloat16"]
    device: Literal["auto", "cpu", "cuda"]
    threads: Literal["auto"] | Annotated[int, Field(ge=1)]


class LossOptions(Options):
    """The loss on labelled images, of every method.

    Attributes:
        label_smoothing: Share of each target that is spread over all classes (arXiv:1512.00567, section 7).
        focal_gamma: How much less an image counts that is known already (arXiv:1708.02002); 0 is cross-entropy.
        class_weights: "none", or "balanced": each class weighs the same, however many images it has. With balanced
            sampling the batches are balanced already.
        output_bias: Of the last layer at the start: "zero" (as the network has it) or "prior": the network's first
            answer is the shares of the classes.
    """

    label_smoothing: float = Field(ge=0, lt=1)
    focal_gamma: float = Field(ge=0, le=10)
    class_weights: Literal["none", "balanced"]
    output_bias: Literal["zero", "prior"]


class SelectionOptions(Options):
    """Choose the step that predicts by validation images. Without it the last step does.

    All metrics are looked at and logged, of the validation images and of as many training images, so that overfitting
    is seen while it happens.

    Attributes:
        metric: The one that chooses.
        every: Steps between two looks.
        patience: Stop when so many steps have brought no better score; null trains to the end.
    """

    metric: Literal["auc", "average_precision", "accuracy", "balanced_accuracy", "brier"]
    every: int = Field(ge=1)
    patience: int | None = Field(ge=1)


class MetadataOptions(Options):
    """Let age, sex and site of a lesion count beside its image; see `nevus.training.late_fusion`.

    `selection` chooses the step by the images alone.

    Attributes:
        columns: Which of them.
    """

    columns: tuple[Literal["age", "sex", "site"], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once_each(self) -> "MetadataOptions":
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("columns names one of them twice; what it says would count twice")
        return self


class Optimizers(RootModel[dict[str, OptimizerOptions]]):
    """The block `optimizers`: whole blocks by name, for methods to take over."""


class Loops(RootModel[dict[str, LoopOptions]]):
    """The block `loops`, likewise."""
