"""Train the head of a network on features that are computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.contracts import Corpus, Pixels
from nevus.lookup import find
from nevus.pipelines.classifier.ancestors import NONE, Ancestors
from nevus.pipelines.classifier.nodes import build_network, labeled_batches, task_of
from nevus.pipelines.classifier.params import ALGORITHMS
from nevus.pipelines.linear_probe.params import LinearProbeParams

if TYPE_CHECKING:
    import torch

    from nevus.training.features import FeaturePool
    from nevus.training.learner import Learner


def build_probe_learner(training: Corpus, params: LinearProbeParams, seed: int, ancestors: Ancestors = NONE) -> Learner:
    """Introduce the head, an algorithm, and the features of the labelled images and their copies to one another."""
    from nevus.training.features import FeaturePool, embed, train_head_alone
    from nevus.training.learner import Learner
    from nevus.training.runtime import choose_runtime, seeded
    from nevus.training.threads import limited, resolve

    runtime = choose_runtime(params.loop)
    with seeded(seed):
        network = build_network(training, params, ancestors)
    train_head_alone(network)

    def features(pixels: Pixels, device: torch.device) -> FeaturePool:
        with limited(resolve(params.loop.threads)):
            return FeaturePool(embed(network, pixels, average_d4=False, runtime=runtime), device)

    labeled = labeled_batches(training, params, seed, runtime, pool_of=features)
    kind = find(ALGORITHMS, params.algorithm.name)  # type: ignore[attr-defined]
    algorithm = kind(params.algorithm, task_of(training, params, labeled, network))
    return Learner(network, algorithm, labeled, optimizer=params.optimizer, loop=params.loop, runtime=runtime)
