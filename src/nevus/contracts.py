"""Names and shapes shared by all packages.

Nothing here imports torch, pandas or numpy at run time, so that `kedro registry list` answers at once. Kedro resolves
the annotations of every node to find its typed parameters, so the aliases below must exist at run time too: for the
type checker they are the real types, for Kedro they are `Any`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure
    from torch import Tensor

    Table: TypeAlias = pd.DataFrame
    Pixels: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]  # (N, H, W, 3)
    Weights: TypeAlias = dict[str, Tensor]  # a flat state dict
    Figure: TypeAlias = MatplotlibFigure
else:
    Table = Pixels = Weights = Figure = Tensor = Any

SPLITS = ("labeled", "validation", "unlabeled", "test")
CLASSES = ("benign", "melanoma")  # label 0 and label 1, where a reader's task does not say otherwise

MANIFEST_COLUMNS = (
    "image_id",
    "split",
    "label",
    "diagnosis",
    "group_id",
    "age",
    "sex",
    "site",
    "source",
    "width",
    "height",
    "sha256",
    "phash",
    "row",
)
# `probability` is that of label 1. Where there are K > 2 classes, `probability_0` to `probability_<K - 1>`, of each
# label, stand in its place; so the columns say how many classes there are.
PREDICTION_COLUMNS = ("image_id", "split", "group_id", "label", "probability", "seed")
QUARANTINE_COLUMNS = ("file", "reason")
# Details taken as unknown: the image stays, `column` of its row in the manifest is null (dx_type: has no column).
WARNING_COLUMNS = ("file", "column", "reason")
# Where each packed image goes: `split` is null where it is left out, `label` null where it is hidden; `reason` says why
# it is not where the source had it.
ASSIGNMENT_COLUMNS = ("image_id", "split", "label", "reason")
# Pairs of images that are one: `kind` is "exact" (same bytes or pixels) or "near"; `correlation` of the thumbnails;
# `transform` is the symmetry of the square that brings the second onto the first, 0 (none) to 7.
DUPLICATE_COLUMNS = ("image_id", "other_id", "kind", "correlation", "transform")
# One row a method and metric. `role` is "method", "ablation" (a part of the method), "baseline" or
# "floor"; `low` and `high` bound the interval.
METRIC_COLUMNS = ("method", "role", "metric", "value", "low", "high")
# One row a scoring of test images: fingerprints of the test split (`pipelines.reporting.ledger.test_of`), of the corpus
# ("" where it is not known) and of the predictions; the name of the run; when, in UTC.
LEDGER_COLUMNS = ("test", "images", "corpus", "run", "predictions", "scored_at")
# One row a part of the test images and score: `lesions` counts those of each class in words, `note` says why there is
# no value, or why it says nothing.
SUBGROUP_COLUMNS = ("attribute", "group", "images", "lesions", "metric", "value", "low", "high", "note")


class NevusError(Exception):
    """Something the user can put right. The command line shows the message, never a traceback."""


class SourceError(NevusError):
    """The raw data is missing, empty or not what the reader expects."""


class QuarantineError(NevusError):
    """More images had to be set aside than the configured share allows.

    Attributes:
        table: The quarantine, one row a file: `file`, `reason`.
    """

    def __init__(self, message: str, table: Table) -> None:
        super().__init__(message)
        self.table = table


class CorpusError(NevusError):
    """The corpus cannot serve what was asked of it, such as two classes or a split."""


class TrainingError(NevusError):
    """Training cannot go on, for example because a loss is not finite."""


class Options(BaseModel):
    """Base of every parameter model: frozen, unknown keys rejected.

    Text becomes a number or a truth value where it spells one, since `--params` hands over text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Source(Protocol):
    """Raw files under names: a zip, a folder, or a program that draws."""

    @property
    def fingerprint(self) -> str:
        """Changes when a name or the content behind it changes; cheap to compute."""

    def names(self) -> list[str]:
        """All file names, relative, with forward slashes, sorted. May hold hostile names; readers quarantine them."""

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The encoded bytes of the named files, in order."""


def no_warnings() -> Table:
    """A table of warnings without rows."""
    import pandas as pd

    return pd.DataFrame(columns=list(WARNING_COLUMNS), dtype=str)


@dataclass(frozen=True)
class Listing:
    """What a reader found, before anything is decoded.

    Attributes:
        records: One row an image: `file` (a name in the source) and what the format knows of the manifest's columns.
        quarantine: One row a file set aside: `file`, `reason`.
        source: Where the files can be read.
        classes: Names of the classes; a record's `label` is a position among them.
        warnings: One row a detail of a record that could not be read and is taken as unknown: `file`, `column`,
            `reason`.
    """

    records: Table
    quarantine: Table
    source: Source
    classes: tuple[str, ...] = CLASSES
    warnings: Table = field(default_factory=no_warnings)


class Corpus(NamedTuple):
    """A manifest and its pixels.

    Attributes:
        manifest: One row an image, columns as in `MANIFEST_COLUMNS`; `row` is the position in `pixels`.
        pixels: (N, H, W, 3) uint8, usually memory-mapped and read-only.
        fingerprint: Changes with the source, the parameters and the code that packed it.
        classes: Names of the classes; `label` in the manifest is a position among them.
        origin: The parameters that packed and split it, by group (`ingestion`, `splits`), as far as they are known.
    """

    manifest: Table
    pixels: Pixels
    fingerprint: str
    classes: tuple[str, ...] = CLASSES
    origin: Mapping[str, Any] = {}  # never changed; a read-only view could not be copied or pickled


@dataclass(frozen=True)
class CorpusRecipe:
    """How to make a corpus, not yet done: the dataset that saves it skips the work when the fingerprint is unchanged.

    Attributes:
        fingerprint: Of the source, the parameters and the code.
        shape: (height, width) of the packed images.
        chunks: Starts the decoding; yields (pixels, manifest rows, quarantine rows) until the source is used up.
        total: Number of images to decode, for the progress bar.
        check: Called with the whole manifest and quarantine before anything is moved into place; raises
            `QuarantineError` or `CorpusError`.
        classes: Names of the classes.
        origin: The parameters that it follows; kept beside the packed images.
        warnings: As in `Listing`; kept there too.
    """

    fingerprint: str
    shape: tuple[int, int]
    chunks: Callable[[], Iterator[tuple[Pixels, Table, Table]]]
    total: int
    check: Callable[[Table, Table], None]
    classes: tuple[str, ...] = CLASSES
    origin: Mapping[str, Any] = field(default_factory=dict)
    warnings: Table = field(default_factory=no_warnings)


class Classifier(NamedTuple):
    """Everything needed to score images elsewhere: no code, no pickle.

    Attributes:
        weights: Flat state dict of the network.
        spec: JSON-able: `network` (the options that build it), `size` (pixels), `classes`, `average_d4` (bool),
            `prior` (how frequent each class was in the labelled batches; of an ensemble the mean of its members),
            `threshold` (the second of two classes is called above it) where one was chosen on training images,
            and `metadata` where age, sex or site count beside the image (`nevus.training.late_fusion`). That of an
            ensemble has `members`, specs by the names of runs, instead of `network` and `average_d4`. A calibrated one
            has `calibration` (`nevus.metrics.recalibration`) and, of two classes, the `threshold` (in [0, 1]) above
            which the second is called.
        example: (n, H, W, 3) uint8, a few training images, the model's input example.
        record: JSON-able, what it was trained on and how: `method`, `variant`, `seed`, `parameters` (those of the
            method, and by group those that made the corpus), `ancestors` (digests of the weights of the finished runs
            that it builds on, by the parameters that name them, such as `start` or `members`, and by their names),
            `corpus` (its fingerprint), `images` (counts by split), `code` (versions), `network` (its `parameters` and
            `flops`), `training` (its `steps`, `seconds` and `images_per_second`; not of an ensemble). Reports and
            tracking read this, not the configuration of the present call.
    """

    weights: Weights
    spec: dict[str, Any]
    example: Pixels
    record: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple's default; never changed


FinishedRuns: TypeAlias = Mapping[str, Callable[[], Classifier]]  # names to what reads each when it is called
NO_RUNS: FinishedRuns = {}


class SavedGenerator(NamedTuple):
    """Everything needed to make images elsewhere: no code, no pickle.

    Attributes:
        weights: Flat state dict of the generator that is kept: the best that was looked at.
        last: That of the last step; the same where that was the best.
        spec: JSON-able: `version`, `network` (the options that build it), `latent` (length of a latent vector), `size`
            (pixels), `classes` (names; what a label is a position among) and `conditional` (whether it wants labels).
        record: As of a `Classifier`; its `training` has `best_step` and `chosen_by` besides.
    """

    weights: Weights
    last: Weights
    spec: dict[str, Any]
    record: dict[str, Any]


FinishedGenerators: TypeAlias = Mapping[str, Callable[[], SavedGenerator]]


class TrackedResult(NamedTuple):
    """A run as a tracking store has it.

    Attributes:
        run_id: Its id there.
        experiment: Name of the experiment.
        name: As shown, such as `ssgan-wide/seed3`.
        status: "FINISHED", "FAILED", "KILLED", or what it is while it goes on.
        started: Milliseconds since 1970.
        ended: Likewise; None while it goes on.
        tags: What it is, such as `method`, `seed`, `dataset` and `corpus`.
        params: What it was made with, flat.
        metrics: The last value of each, such as `auc` and `floor/majority/auc`.
        images: Counts of its corpus by split, as far as they are known.
        artifacts: Where its files are, for `TrackingStore.predictions`.
    """

    run_id: str
    experiment: str
    name: str
    status: str
    started: int
    ended: int | None
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    images: Mapping[str, int]
    artifacts: str


class TrackingStore(Protocol):
    """Where runs are tracked; nothing is read before it is asked for."""

    def results(self, experiments: Sequence[str]) -> list[TrackedResult]:
        """All runs of these experiments, the newest first; of the project's own experiment where none is named.

        Raises:
            NevusError: The store cannot be used, or there is no such experiment.
        """

    def predictions(self, artifacts: str, file: str) -> Table:
        """A table of predictions among the artifacts of a run, such as `predictions.parquet`.

        Raises:
            NevusError: It cannot be had; the message says why.
        """


class TrackedRuns(Protocol):
    """The classifiers in a tracking store."""

    def find(self, reference: str) -> Callable[[], Classifier] | None:
        """What reads the classifier of a run's id or of a registered model; None for a reference of another form."""


def metadata_read(spec: Mapping[str, Any]) -> list[str]:
    """What a classifier, or any member of an ensemble, wants to know of an image beside its pixels.

    Args:
        spec: `Classifier.spec`.

    Returns:
        Some of "age", "sex" and "site".
    """
    members = [name for one in spec.get("members", {}).values() for name in metadata_read(one)]
    return list(dict.fromkeys([*spec.get("metadata", ()), *members]))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """PyTorch's, imported when it is called."""
    from torch.nn import functional as F

    return F.cross_entropy(logits, targets)


def shares_unknown(probabilities: Tensor) -> Tensor:
    """What stands for an estimate of the shares of the classes where nobody gave one.

    Raises:
        ValueError: Always.
    """
    raise ValueError("Task.estimate_shares is not given")


class Task(NamedTuple):
    """What an algorithm may know of the images before it sees any.

    Attributes:
        classes: Names of the classes.
        counts: Labelled images of each class.
        unlabeled: Number of unlabelled images.
        steps: Updates of the whole training, for ramps.
        labeled_loss: From (L, K) logits and the targets of a batch to a scalar in nats: the loss on labelled images
            that the method shares with its baseline.
        features: Length of the feature vectors of the network.
        soft_labels: (U, K) probabilities that teachers give the unlabelled images, rows adding up to 1, where there are
            teachers.
        prior: How frequent each class is where the loss on labelled images learns it, such as alike in balanced
            batches; empty: as it is among these images.
        estimate_shares: From the (n, K) probabilities that the network gives some images to the (K,) shares of the
            classes among them.
    """

    classes: tuple[str, ...]
    counts: tuple[int, ...]
    unlabeled: int
    steps: int
    labeled_loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy
    features: int = 0
    soft_labels: Tensor | None = None
    prior: tuple[float, ...] = ()
    estimate_shares: Callable[[Tensor], Tensor] = shares_unknown

    def ramp_up(self, step: int, share: float) -> float:
        """How much a term counts that grows: exp(-5 (1 - t)^2), t from 0 to 1 (arXiv:1610.02242, section 2.1).

        Args:
            step: From 0.
            share: Of the steps until the term counts wholly; 0: from the start.
        """
        passed = 1.0 if share == 0 else min(1.0, step / (share * self.steps))
        return math.exp(-5 * (1 - passed) ** 2)


class Batch(NamedTuple):
    """The images of one step, each as float32 in [-1, 1]; an algorithm gets the views that it declares.

    Whoever reads a view has declared it, so the types do not say that it may be missing.

    Attributes:
        images: (L, 3, H, W) labelled images, augmented.
        targets: (L,) int64 classes of `images`, or (L, K) shares of the classes where images were mixed.
        weak: (U, 3, H, W) unlabelled images, changed a little.
        strong: (U, 3, H, W) the same images, changed a lot.
        metadata: `step` (int) and, with unlabelled images, `rows` ((U,) int64, their positions among all of them).
    """

    images: Tensor
    targets: Tensor = None  # type: ignore[assignment]
    weak: Tensor = None  # type: ignore[assignment]
    strong: Tensor = None  # type: ignore[assignment]
    metadata: Mapping[str, Any] = {}

    @property
    def labels(self) -> Tensor:
        """(L,) int64 classes of `images`; where images were mixed, the class of the larger share."""
        return self.targets if self.targets.ndim == 1 else self.targets.argmax(dim=1)


class GanBatch(NamedTuple):
    """What two networks see in one step, images as float32 in [-1, 1], already augmented.

    Attributes:
        real: (N, 3, H, W) real images.
        fake: (N, 3, H, W) generated images, without a graph for the discriminator, with one for the generator.
        latent: (N, L) what they were generated from.
        labels: (N,) int64 classes of `real` and `fake` where the game is conditional.
        labeled: Labelled images with their targets where the discriminator is a classifier.
        plain: (N, 3, H, W) the real images as they are, for the discriminator's loss.
        weak: (N, 3, H, W) the real images changed a little, where the objective declares it.
        strong: (N, 3, H, W) the same images changed a lot, likewise.
        strong_fake: (N, 3, H, W) the generated images changed as much, likewise; without a graph.
        step: Number of the discriminator's update, from 0.
    """

    real: Tensor
    fake: Tensor
    latent: Tensor
    labels: Tensor | None = None
    labeled: Batch | None = None
    plain: Tensor = None  # type: ignore[assignment]
    weak: Tensor = None  # type: ignore[assignment]
    strong: Tensor = None  # type: ignore[assignment]
    strong_fake: Tensor = None  # type: ignore[assignment]
    step: int = 0


class StepOutput(NamedTuple):
    """One loss and what is worth logging beside it.

    Attributes:
        loss: Scalar, with its graph.
        scalars: Name to detached scalar tensor.
    """

    loss: Tensor
    scalars: dict[str, Tensor]


class Checkpoints(Protocol):
    """Where a training loop leaves its state. Saving is atomic; at most one state a key is kept."""

    def load(self, key: str) -> dict[str, Any] | None:
        """The last state saved under this key, or None. States under other keys are ignored, with a message."""

    def save(self, key: str, state: dict[str, Any]) -> None:
        """Replace the last state by this one (tensors, numbers, strings, lists and dicts of them)."""
