"""Let finished runs, or label spreading, teach a network by what they say of the unlabelled images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nevus.contracts import Corpus
from nevus.pipelines.classifier.ancestors import NONE, Ancestors
from nevus.pipelines.classifier.nodes import build_classifier_learner
from nevus.pipelines.distillation.params import DistillationParams

if TYPE_CHECKING:
    from nevus.training.learner import Learner


def build_distillation_learner(
    training: Corpus, params: DistillationParams, seed: int, ancestors: Ancestors = NONE
) -> Learner:
    """Ask the teachers once, and introduce network, soft labels, images and augmentation to one another."""
    from nevus.pipelines.distillation.mass import bounds_of, shares_of_draws
    from nevus.pipelines.distillation.teachers import soft_labels_of
    from nevus.training.threads import limited, resolve

    bounds = bounds_of(params.mass, training.classes)  # what cannot be is refused before anybody is asked
    with limited(resolve(params.loop.threads)):
        soft_labels = soft_labels_of(training, params, seed, ancestors)
    shares = None if bounds is None else shares_of_draws(soft_labels, bounds, training.classes)
    return build_classifier_learner(training, params, seed, ancestors, soft_labels=soft_labels, shares=shares)
