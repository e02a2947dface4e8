"""How fast is a training step of a method, beside a bare matrix product in the same precision?

Run by hand, on a quiet machine: `python tests/benchmarks/training_step.py supervised ssgan`. Networks, batches and
augmentation are those of conf/base, the pixels random. "network" is forward, backward and update on images that are
ready; "whole" is a step of the learner, augmentation and running mean included. Steps and products are timed in turn in
one process, and their medians compared, so that the ratio holds where the machine's speed drifts. Floating-point
operations are counted by PyTorch itself.
"""

import argparse
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from nevus.configuration import ConfigLoader
from nevus.contracts import Corpus
from nevus.pipelines.methods import METHODS
from nevus.settings import CONFIG_LOADER_ARGS

SIDE = 2048  # of the matrices: large enough that the product is bound by arithmetic
Work = Callable[[], Any]


def main(arguments: list[str] | None = None) -> None:
    """Print one line for the network and one for the whole step of each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="+", choices=METHODS)
    parser.add_argument("--env", default="base")
    parser.add_argument("--seconds", type=float, default=10.0, help="a row")
    given = parser.parse_args(arguments)
    print(f"{'step':22} {'GFLOP':>6} {'images/s':>9} {'GFLOP/s':>8} {'product':>8} {'ratio':>6}")
    for method in given.methods:
        learner, images = learner_of(method, given.env)
        product = matrix_product(learner.runtime)
        report(f"{method} network", network_step(learner, images), product, learner.runtime, images, given.seconds)
        report(f"{method} whole", whole_step(learner), product, learner.runtime, images, given.seconds)


def learner_of(method: str, env: str) -> tuple[Any, int]:
    """What a method trains on random pixels, and its labelled and unlabelled images a step."""
    import pandas as pd

    conf = Path(__file__).resolve().parents[2] / "conf"
    parameters = ConfigLoader(str(conf), env=env, **CONFIG_LOADER_ARGS)["parameters"]
    size = parameters["ingestion"]["size"]
    labels = pd.array([0, 1] * 100 + [None] * 2000, dtype="Int64")
    table = {"image_id": map(str, range(2200)), "split": ["labeled"] * 200 + ["unlabeled"] * 2000, "label": labels}
    manifest = pd.DataFrame({**table, "row": np.arange(2200)})
    pixels = np.random.default_rng(0).integers(0, 256, (2200, size, size, 3), dtype=np.uint8)
    family = METHODS[method].family
    params: Any = family.params.model_validate(parameters[method])
    unlabeled = getattr(params, "unlabeled", None)
    return family.learner(Corpus(manifest, pixels, ""), params, 0), params.loop.labeled_batch + (
        unlabeled.batch if unlabeled else 0
    )


def network_step(learner: Any, images: int) -> Work:
    """Forward, backward and update of the classifier on images that are ready, all as if labelled."""
    gan = hasattr(learner, "discriminator")
    network = learner.discriminator if gan else learner.model
    optimizer = learner.discriminator_optimizer if gan else learner.optimizer
    labeled = learner.labeled(0) if gan else learner.batches(0)
    repeats = -(-images // len(labeled.images))
    seen, targets = labeled.images.repeat(repeats, 1, 1, 1)[:images], labeled.labels.repeat(repeats)[:images]

    def step() -> None:
        with learner.runtime.autocast():
            logits = network(seen).float()
        optimizer.update(F.cross_entropy(logits, targets))

    return step


def whole_step(learner: Any) -> Work:
    """One step after the other."""
    numbers = count()
    return lambda: learner.step(next(numbers))


def matrix_product(runtime: Any) -> Work:
    """One square product."""
    left, right = (torch.randn(SIDE, SIDE, device=runtime.device, dtype=runtime.precision) for _ in range(2))
    return lambda: torch.mm(left, right)


def report(name: str, step: Work, product: Work, runtime: Any, images: int, seconds: float) -> None:
    """Time steps and products in turn for some seconds."""
    with FlopCounterMode(display=False) as counter:
        step()
    for _ in range(3):
        step(), product()
    steps, products = [timed(step, runtime)], [timed(product, runtime)]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        steps.append(timed(step, runtime))
        products.append(timed(product, runtime))
    step_time, product_time = float(np.median(steps)), float(np.median(products))
    rate, bare = counter.get_total_flops() / step_time / 1e9, 2 * SIDE**3 / product_time / 1e9
    work = counter.get_total_flops() / 1e9
    print(f"{name:22} {work:6.1f} {images / step_time:9.0f} {rate:8.0f} {bare:8.0f} {rate / bare:6.2f}")


def timed(work: Work, runtime: Any) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    if runtime.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
