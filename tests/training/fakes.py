"""Small stand-ins shared by the training tests."""

import copy
from typing import Any

import numpy as np
import torch

from nevus.algorithms.base import AlgorithmOptions
from nevus.algorithms.supervised import Supervised
from nevus.augment.operations import Contrast, Cutout, Rotate, Square
from nevus.augment.policy import Augment
from nevus.contracts import Task
from nevus.networks.build import build
from nevus.objectives.semi_supervised import SemiSupervisedGan, SemiSupervisedGanOptions
from nevus.training.adversarial import AdversarialLearner, Objective
from nevus.training.batches import LabeledBatches, UnlabeledImages
from nevus.training.learner import Learner
from nevus.training.options import LoopOptions, OptimizerOptions
from nevus.training.pool import Pool
from nevus.training.runtime import choose_runtime, seeded

MILD = (
    Square(name="square"),
    Rotate(name="rotate", degrees=(-10, 10)),
    Contrast(name="contrast", factor=(0.9, 1.1)),
    Cutout(name="cutout", side=(0.1, 0.1)),
)

TEXTBOOK: dict[str, Any] = {
    "name": "semi_supervised",
    "generator_loss": "feature_matching",
    "distance": "squared",
    "unlabeled_weight": 1.0,
    "consistency_weight": 0.0,
    "consistency_ramp": 0.0,
    "entropy_weight": 0.0,
    "pull_away_weight": 0.0,
    "manifold_weight": 0.0,
    "manifold_step": 0.1,
    "rotation_weight": 0.0,
    "r1_weight": 0.0,
}
GAN = SemiSupervisedGanOptions(**TEXTBOOK)
GENERATOR: dict[str, Any] = {"kind": "dcgan", "latent": 8, "width": 4, "depth": 2}
GENERATOR |= {"upsample": "transposed", "conditional": False, "resize": None}


class MemoryCheckpoints:
    """Keeps the last state in memory, as a copy, and counts."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.saved = 0

    def load(self, key: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.states.get(key))

    def save(self, key: str, state: dict[str, Any]) -> None:
        self.states[key] = copy.deepcopy(state)
        self.saved += 1


def loop(**changes: Any) -> LoopOptions:
    base = {
        "steps": 12,
        "labeled_batch": 8,
        "sampling": "balanced",
        "ema_decay": 0.9,
        "log_every": 2,
        "checkpoint_every": 4,
        "precision": "float32",
        "device": "cpu",
        "threads": "auto",
    }
    return LoopOptions.model_validate({**base, **changes})


def optimizer(**changes: Any) -> OptimizerOptions:
    base = {
        "name": "adamw",
        "learning_rate": 2e-3,
        "weight_decay": 0.01,
        "decay_norms_and_biases": True,
        "beta1": 0.5,
        "beta2": 0.99,
        "momentum": 0.9,
        "nesterov": True,
        "clip_norm": None,
        "layer_decay": None,
        "head_factor": 1.0,
        "frozen": (),
        "unfreeze": None,
        "schedule": "one_cycle",
        "warmup": None,
        "milestones": (0.5, 0.75),
        "milestone_factor": 0.1,
    }
    return OptimizerOptions.model_validate({**base, **changes})


def two_colours(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images that a network can tell apart: class 1 is redder."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pixels = rng.integers(60, 120, (n, 16, 16, 3))
    pixels[..., 0] += 90 * labels[:, None, None]
    return pixels.astype(np.uint8), labels.astype(np.int64)


def network(seed: int = 0, norm: str = "weight", classes: int = 2) -> torch.nn.Module:
    options = {"kind": "residual", "width": 8, "depth": 2, "blocks": 1, "norm": norm, "dropout": 0.1}
    with seeded(seed):
        return build(
            {**options, "normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0},
            classes=classes,
            size=16,
        )


def task(options: LoopOptions) -> Task:
    return Task(("blue", "red"), (10, 10), 50, options.steps)


def labeled_batches(options: LoopOptions, seed: int, device: torch.device) -> LabeledBatches:
    pixels, labels = two_colours(20)
    return LabeledBatches(
        Pool(pixels, device),
        labels,
        classes=2,
        augment=Augment(MILD),
        batch=options.labeled_batch,
        sampling=options.sampling,
        seed=seed,
        device=device,
    )


def unlabeled_images(seed: int, device: torch.device) -> UnlabeledImages:
    return UnlabeledImages(Pool(two_colours(50, seed=1)[0], device), batch=8, seed=seed)


def supervised(options: LoopOptions, seed: int = 0, **changes: Any) -> Learner:
    runtime = choose_runtime(options)
    return Learner(
        network(seed),
        Supervised(AlgorithmOptions(name="supervised"), task(options)),
        labeled_batches(options, seed, runtime.device),
        optimizer=optimizer(**changes),
        loop=options,
        runtime=runtime,
    )


def adversarial(
    options: LoopOptions, seed: int = 0, norm: str = "weight", discriminator_steps: int = 1, **changes: Any
) -> AdversarialLearner:
    runtime = choose_runtime(options)
    with seeded(seed):
        generator = build(GENERATOR, classes=2, size=16)
    return AdversarialLearner(
        network(seed, norm),
        generator,
        SemiSupervisedGan(GAN, task(options)),
        real=unlabeled_images(seed, runtime.device),
        fresh=unlabeled_images(seed + 1, runtime.device),
        labeled=labeled_batches(options, seed, runtime.device),
        augment=Augment(MILD),
        discriminator_optimizer=optimizer(**changes),
        generator_optimizer=optimizer(schedule="constant"),
        discriminator_steps=discriminator_steps,
        loop=options,
        runtime=runtime,
    )


def game(options: LoopOptions, objective: Objective, **changes: Any) -> AdversarialLearner:
    """Two networks without labelled images, over one score an image."""
    runtime = choose_runtime(options)
    with seeded(0):
        generator = build(GENERATOR, classes=1, size=16)
    given: dict[str, Any] = {
        "real": unlabeled_images(0, runtime.device),
        "fresh": unlabeled_images(1, runtime.device),
        "augment": Augment(MILD),
        "discriminator_optimizer": optimizer(),
        "generator_optimizer": optimizer(schedule="constant"),
        "discriminator_steps": 1,
        "loop": options,
        "runtime": runtime,
    }
    return AdversarialLearner(network(classes=1), generator, objective, **{**given, **changes})
