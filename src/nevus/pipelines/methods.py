"""The one registry of methods: each line is a method, its name that of its parameter block and its namespace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nevus.contracts import Options
from nevus.pipelines.classifier.nodes import build_classifier_learner, fit_classifier
from nevus.pipelines.classifier.params import ClassifierParams
from nevus.pipelines.distillation.nodes import build_distillation_learner
from nevus.pipelines.distillation.params import DistillationParams
from nevus.pipelines.instances import bind
from nevus.pipelines.linear_probe.nodes import build_probe_learner
from nevus.pipelines.linear_probe.params import LinearProbeParams
from nevus.pipelines.ssgan.nodes import build_ssgan_learner, fit_ssgan
from nevus.pipelines.ssgan.params import SsganParams


@dataclass(frozen=True)
class Family:
    """Methods that are trained by the same node.

    Attributes:
        params: Model of the parameter block.
        fit: The node; returns a classifier, a history, and what `makes` names.
        learner: What it trains, from the corpus, the parameters and a seed; cross-validation trains it too.
        makes: Further outputs of the node.
        reads_unlabeled: Whether it cannot do without unlabelled images, whatever its parameters.
    """

    params: type[Options]
    fit: Callable[..., Any]
    learner: Callable[..., Any]
    makes: tuple[str, ...] = ()
    reads_unlabeled: bool = False


CLASSIFIER = Family(ClassifierParams, fit_classifier, build_classifier_learner)
LINEAR_PROBE = Family(LinearProbeParams, bind(fit_classifier, learner_of=build_probe_learner), build_probe_learner)
DISTILLATION = Family(
    DistillationParams, bind(fit_classifier, learner_of=build_distillation_learner), build_distillation_learner
)
SSGAN = Family(SsganParams, fit_ssgan, build_ssgan_learner, ("generator", "samples", "progress"), True)


@dataclass(frozen=True)
class Method:
    """A method that `kedro run --pipeline=NAME` trains.

    Attributes:
        family: How it is trained.
        baseline: The method that it is compared with, trained in the same run; None compares with the floors alone.
    """

    family: Family = CLASSIFIER
    baseline: str | None = "labeled_only"


METHODS = {
    "supervised": Method(baseline=None),
    "transfer": Method(baseline=None),
    "linear_probe": Method(LINEAR_PROBE, baseline=None),
    "labeled_only": Method(baseline=None),
    "simclr": Method(baseline=None),
    "byol": Method(baseline=None),
    "pseudo_labels": Method(),
    "pi_model": Method(),
    "mean_teacher": Method(),
    "ict": Method(),
    "mixmatch": Method(),
    "fixmatch": Method(),
    "uda": Method(),
    "flexmatch": Method(),
    "freematch": Method(),
    "softmatch": Method(),
    "simpro": Method(),
    "abc": Method(),
    "distillation": Method(DISTILLATION),
    "label_spreading": Method(DISTILLATION),
    "ssgan": Method(SSGAN),
}
