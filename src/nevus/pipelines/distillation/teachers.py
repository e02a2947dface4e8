"""What teachers say of the unlabelled images."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Classifier, Corpus, Pixels, Table
from nevus.pipelines.classifier.ancestors import Ancestors
from nevus.pipelines.distillation.params import TEACHERS, DistillationParams, SpreadingOptions

logger = logging.getLogger(__name__)

CHUNK = 1024  # images between two steps of the progress bar


def soft_labels_of(
    training: Corpus, params: DistillationParams, seed: int, ancestors: Ancestors
) -> NDArray[np.float32]:
    """The mean of what all teachers say, each counting alike.

    Args:
        training: The corpus without the images that choose and test.
        params: Which teachers.
        seed: Of a network whose features are taken, where its head is random.
        ancestors: The finished runs.

    Returns:
        (U, K), rows adding up to 1.

    Raises:
        CorpusError: There is no unlabelled image.
    """
    from nevus.corpus.views import select, unlabeled_images

    pixels = unlabeled_images(training)
    rows = select(training, "unlabeled").manifest
    said: list[NDArray[np.floating]] = []
    if params.teachers:
        warn_of_other_labels(training, ancestors)
        said += [ask(one, pixels, rows, name=name) for name, one in ancestors[TEACHERS].items()]
    if params.spreading is not None:
        said.append(spread(training, params, params.spreading, seed, ancestors))
    mean: NDArray[np.float32] = np.mean(said, axis=0).astype(np.float32)
    return mean


def warn_of_other_labels(training: Corpus, ancestors: Ancestors) -> None:
    """Say which teachers learnt under other splits or another label budget: the baseline then knows other labels."""
    others = [name for name, one in ancestors[TEACHERS].items() if one.record.get("corpus") != training.fingerprint]
    if others:
        logger.warning(
            "%s: %s learnt from other labels than those here, so the comparison with the baseline is not one at equal "
            "labels. Train them with the same splits to have one.",
            *(TEACHERS, ", ".join(others)),
        )


def ask(teacher: Classifier, pixels: Pixels, rows: Table, *, name: str) -> NDArray[np.float32]:
    """The (U, K) probabilities that a finished run gives images, as it would any others."""
    from nevus.pipelines.inference.scoring import Scorer
    from nevus.progress import progress_bar
    from nevus.training.runtime import prediction_runtime

    scorer, runtime, parts = Scorer(teacher.spec, teacher.weights), prediction_runtime(), []
    with progress_bar(len(rows), name=f"asking {name}", unit="image") as bar:
        for start in range(0, len(rows), CHUNK):
            some = slice(start, start + CHUNK)
            parts.append(scorer.score(pixels[some], rows.iloc[some], runtime).probabilities)
            bar.update(len(parts[-1]))
    return np.concatenate(parts)


def spread(
    training: Corpus, params: DistillationParams, options: SpreadingOptions, seed: int, ancestors: Ancestors
) -> NDArray[np.float64]:
    """The (U, K) labels that spread from the labelled images to the others."""
    from nevus.corpus.views import labeled_images, unlabeled_images
    from nevus.networks.build import build
    from nevus.networks.pretrained import load_start
    from nevus.pipelines.classifier.nodes import build_network
    from nevus.training.features import embed
    from nevus.training.runtime import choose_runtime, seeded
    from nevus.training.spreading import spread_labels

    (known, labels), others = labeled_images(training), unlabeled_images(training)
    with seeded(seed):
        if options.network is None:
            network = build_network(training, params, ancestors)
        else:
            network = build(options.network, classes=len(training.classes), size=known.shape[1])
            network.fit_input(known)
            load_start(network, options.network)
    runtime = choose_runtime(params.loop)
    features = [embed(network, pixels, average_d4=False, runtime=runtime) for pixels in (known, others)]
    return spread_labels(
        features[0],
        labels,
        features[1],
        classes=len(training.classes),
        neighbours=options.neighbours,
        alpha=options.alpha,
    )
