"""Score images as they are read, so that no more than a few chunks of them are in memory, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Classifier, CorpusError, Listing, Table, metadata_read
from nevus.pipelines.inference.params import InferenceParams
from nevus.pipelines.ingestion.params import IngestionParams


@dataclass(frozen=True)
class Answers:
    """What a classifier says of images.

    Attributes:
        probabilities: (N, K) float32, rows adding up to 1; NaN where an image could not be read.
        spread: (N, K) float32, the standard deviation over the members of an ensemble; None for no ensemble.
        reasons: N times why there is no number, or None.
    """

    probabilities: NDArray[np.float32]
    spread: NDArray[np.float32] | None
    reasons: list[str | None]


def score_listing(
    listing: Listing, classifier: Classifier, options: IngestionParams, params: InferenceParams
) -> Answers:
    """Read, decode, resize and score images, chunk by chunk.

    Args:
        listing: Records with `file`, `reason` and what the classifier wants to know beside the pixels.
        classifier: Its images are made of one size in one way, which these are brought to.
        options: Processes that decode, files at a time, and the largest image.
        params: Symmetries, precision and device.

    Raises:
        CorpusError: No image could be read.
        TrainingError: A GPU is asked for and there is none.
    """
    import torch

    from nevus.pipelines.inference.scoring import Scorer
    from nevus.progress import progress_bar
    from nevus.training.runtime import prediction_runtime

    spec = with_symmetries(classifier.spec, params.average_d4)
    scorer = Scorer(spec, classifier.weights)
    runtime = prediction_runtime(params.device, getattr(torch, params.precision))
    rows = listing.records.reindex(columns=["file", "reason", *metadata_read(spec)])
    shape = len(rows), len(spec["classes"])
    probabilities = np.full(shape, np.nan, dtype=np.float32)
    spread = np.full(shape, np.nan, dtype=np.float32) if "members" in spec else None
    reasons: list[str | None] = rows["reason"].tolist()
    readable = np.flatnonzero(rows["reason"].isna().to_numpy())
    with progress_bar(len(readable), name="scoring", unit="image") as bar:
        for good, pixels, failed in decoded(listing, rows, readable, classifier, options):
            scores = scorer.score(pixels, rows.iloc[good], runtime)
            probabilities[good] = scores.probabilities
            if spread is not None and len(good):
                spread[good] = np.std(list(scores.parts.values()), axis=0)
            for row, reason in failed.items():
                reasons[row] = reason
            bar.update(len(good) + len(failed))
    if np.isnan(probabilities).all():
        raise CorpusError(
            f"none of {len(rows):,} images could be read; the first is '{listing.records['file'].iloc[0]}': "
            f"{reasons[0]}."
        )
    return Answers(probabilities, spread, reasons)


def decoded(
    listing: Listing, rows: Table, readable: NDArray[np.int64], classifier: Classifier, options: IngestionParams
) -> Iterator[tuple[NDArray[np.int64], Any, dict[int, str]]]:
    """Chunk by chunk the rows of images, their pixels, and the reasons of the rows that cannot be read."""
    from nevus.corpus.chunks import Task
    from nevus.corpus.parallel import decode_chunks
    from nevus.pipelines.inference.images import Intake

    files = rows["file"].iloc[readable].tolist()
    intake = Intake.of(classifier.spec, classifier.record)  # what packed the training images packs these
    task = Task(intake.size, intake.resize, options.max_pixels)
    start = 0
    for found in decode_chunks(listing.source, files, task, chunk=options.chunk, workers=options.workers):
        at = readable[start:]
        yield at[found.good], found.pixels, {int(at[position]): why for position, why in found.errors.items()}
        start += len(found.good) + len(found.errors)


def with_symmetries(spec: Mapping[str, Any], average_d4: bool | None) -> dict[str, Any]:
    """`Classifier.spec`, averaging over the symmetries of the square or not, and so all members of an ensemble."""
    if average_d4 is None:
        return dict(spec)
    if "members" in spec:
        return {**spec, "members": {name: with_symmetries(one, average_d4) for name, one in spec["members"].items()}}
    return {**spec, "average_d4": average_d4}
