"""Settings of the training loops."""

from typing import Literal

from pydantic import Field

from nevus.contracts import Options


class OptimizerOptions(Options):
    """AdamW (arXiv:1711.05101) and its schedule.

    Attributes:
        learning_rate: Largest step size.
        weight_decay: Decoupled weight decay.
        beta1: Decay of the running mean of the gradients; GANs want 0.5 (arXiv:1511.06434, section 4).
        schedule: "constant", or "one_cycle": up over the first quarter of the steps, then down to nothing by a cosine
            (arXiv:1708.07120).
    """

    learning_rate: float = Field(gt=0, le=1)
    weight_decay: float = Field(ge=0, le=10)
    beta1: float = Field(ge=0, lt=1)
    schedule: Literal["constant", "one_cycle"]


class LoopOptions(Options):
    """What every training loop needs to know.

    Attributes:
        steps: Number of updates; fixed, since there is no validation data to stop early by.
        labeled_batch: Labelled images an update, the same number of each class.
        ema_decay: Decay a step of the running mean of the weights that is used for prediction.
        log_every: Steps between two rows of the history; each row is the mean over them.
        checkpoint_every: Steps between two checkpoints.
        precision: "float32", "bfloat16" (autocast), or "auto": bfloat16 where the hardware multiplies it natively.
        device: "cpu", "cuda", or "auto": a GPU if there is one.
    """

    steps: int = Field(ge=1)
    labeled_batch: int = Field(ge=2)
    ema_decay: float = Field(ge=0, lt=1)
    log_every: int = Field(ge=1)
    checkpoint_every: int = Field(ge=1)
    precision: Literal["auto", "float32", "bfloat16"]
    device: Literal["auto", "cpu", "cuda"]


class SelectionOptions(Options):
    """Choose the step that predicts by validation images. Without it the last step does.

    Attributes:
        every: Steps between two scores (AUC, over more than two classes its mean) on the validation images.
        patience: Stop when so many steps have brought no better score; null trains to the end.
    """

    every: int = Field(ge=1)
    patience: int | None = Field(ge=1)
