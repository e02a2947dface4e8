"""How fast is a training step of the discriminator, beside a bare matrix product in the same precision?

Run by hand, on a quiet machine: `python tests/benchmarks/discriminator_step.py`. The network, the batches and the
augmentation are those of conf/base. "network" is forward, backward and update on images that are ready; "whole" adds
the augmentation and the running mean, as the trainer does it. Steps and products are timed in turn in one process, and
their medians compared, so that the ratio holds where the machine's speed drifts. Floating-point operations are counted
by PyTorch itself.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kedro.config import OmegaConfigLoader
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from nevus.contracts import Corpus
from nevus.pipelines.ssgan.nodes import ssgan_trainer
from nevus.pipelines.ssgan.params import SsganParams
from nevus.pipelines.supervised.params import ClassifierParams
from nevus.training.adversarial import AdversarialTrainer

SIDE = 2048  # of the matrices: large enough that the product is bound by arithmetic


def main() -> None:
    """Print one line for the network and one for the whole step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="a row")
    seconds = parser.parse_args().seconds
    trainer = default_trainer()
    precision = trainer.runtime.precision
    images = trainer.batch + 2 * trainer.unlabeled_batch
    print(f"{trainer.runtime.device}, {precision}, {torch.get_num_threads()} threads, {images} images of 32x32 a step")
    print(f"{'step':8} {'GFLOP':>6} {'images/s':>9} {'GFLOP/s':>8} {'product':>8} {'ratio':>6}")
    for name, step in (("network", network_step(trainer)), ("whole", whole_step(trainer))):
        report(name, step, matrix_product(trainer), trainer, images, seconds)


def default_trainer() -> AdversarialTrainer:
    """The trainer of the default run, on random pixels."""
    import pandas as pd

    conf = Path(__file__).resolve().parents[2] / "conf"
    parameters: dict[str, Any] = OmegaConfigLoader(str(conf), base_env="base", default_run_env="local")["parameters"]
    splits = ["labeled"] * 200 + ["unlabeled"] * 2000
    labels = pd.array([0, 1] * 100 + [None] * 2000, dtype="Int64")
    manifest = pd.DataFrame({"split": splits, "label": labels, "row": np.arange(2200)})
    pixels = np.random.default_rng(0).integers(0, 256, (2200, 32, 32, 3), dtype=np.uint8)
    return ssgan_trainer(
        Corpus(manifest, pixels, ""),
        ClassifierParams.model_validate(parameters["classifier"]),
        SsganParams.model_validate(parameters["ssgan"]),
    )


def report(
    name: str,
    step: Callable[[], None],
    product: Callable[[], None],
    trainer: AdversarialTrainer,
    images: int,
    seconds: float,
) -> None:
    """Time steps and products in turn for some seconds."""
    with FlopCounterMode(display=False) as counter:
        step()
    for _ in range(3):
        step(), product()
    steps, products = [], []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        steps.append(timed(step, trainer))
        products.append(timed(product, trainer))
    step_time, product_time = float(np.median(steps)), float(np.median(products))
    rate, bare = counter.get_total_flops() / step_time / 1e9, 2 * SIDE**3 / product_time / 1e9
    work = counter.get_total_flops() / 1e9
    print(f"{name:8} {work:6.1f} {images / step_time:9.0f} {rate:8.0f} {bare:8.0f} {rate / bare:6.2f}")


def network_step(trainer: AdversarialTrainer) -> Callable[[], None]:
    """Forward, backward and update on one batch."""
    labeled, targets, real = trainer._batch(0)
    images = torch.cat([labeled, real, real])
    targets = torch.cat([targets, targets.new_zeros(2 * len(real))])

    def step() -> None:
        with trainer.runtime.autocast():
            logits = trainer.discriminator(images).float()
        trainer.teach.update(F.cross_entropy(logits, targets))

    return step


def whole_step(trainer: AdversarialTrainer) -> Callable[[], None]:
    """The discriminator's half of a step of the trainer."""
    fake = trainer._batch(0)[2]

    def step() -> None:
        labeled, targets, real = trainer._batch(0)
        trainer.teach.update(trainer._discriminator_loss(labeled, targets, real, fake).loss)
        trainer.average.update_parameters(trainer.discriminator)

    return step


def matrix_product(trainer: AdversarialTrainer) -> Callable[[], None]:
    """One square product."""
    runtime = trainer.runtime
    left, right = (torch.randn(SIDE, SIDE, device=runtime.device, dtype=runtime.precision) for _ in range(2))

    def product() -> None:
        torch.mm(left, right)

    return product


def timed(work: Callable[[], None], trainer: AdversarialTrainer) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    if trainer.runtime.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
