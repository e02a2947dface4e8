"""How fast is a training step of the discriminator, beside a bare matrix product in the same precision?

Run by hand, on a quiet machine: `python tests/benchmarks/discriminator_step.py`. Both are timed in turn in one process,
so that the ratio holds where the machine's speed drifts. Floating-point operations are counted by PyTorch itself.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from nevus.networks.discriminators import build_discriminator
from nevus.networks.options import DiscriminatorOptions
from nevus.training.optimizers import ScheduledOptimizer
from nevus.training.options import OptimizerOptions
from nevus.training.runtime import Runtime, native_bfloat16

SIDE = 2048  # of the matrices: large enough that the product is bound by arithmetic


def main() -> None:
    """Print one line a network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=160, help="32 labelled, 64 unlabelled and 64 generated images")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    precision = torch.bfloat16 if native_bfloat16(device) else torch.float32
    runtime = Runtime(torch.device(device), precision)
    print(f"{device}, {precision}, {torch.get_num_threads()} threads, batch {arguments.batch}")
    print(f"{'network':34} {'GFLOP/step':>10} {'images/s':>9} {'step GF/s':>9} {'product':>8} {'ratio':>6}")
    for architecture, width, norm in (
        ("residual", 48, "batch"),
        ("residual", 48, "weight"),
        ("residual", 64, "batch"),
        ("plain", 64, "batch"),
        ("plain", 64, "none"),
    ):
        options = DiscriminatorOptions(
            architecture=architecture, width=width, depth=3, blocks=1, norm=norm, dropout=0.2
        )
        report(options, runtime, arguments.batch, arguments.seconds)


def report(options: DiscriminatorOptions, runtime: Runtime, batch: int, seconds: float) -> None:
    """Time steps and products in turn for some seconds; the best of each is compared."""
    step, product = discriminator_step(options, runtime, batch), matrix_product(runtime)
    with FlopCounterMode(display=False) as counter:
        step()
    work = counter.get_total_flops()
    for _ in range(3):
        step(), product()
    steps, products = [], []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        steps.append(timed(step, runtime))
        products.append(timed(product, runtime))
    # The median: a best time would belong to a moment when the other one did not run as fast.
    step_time, product_time = sorted(steps)[len(steps) // 2], sorted(products)[len(products) // 2]
    rate, bare = work / step_time / 1e9, 2 * SIDE**3 / product_time / 1e9
    name = f"{options.architecture}, width {options.width}, norm {options.norm}"
    print(f"{name:34} {work / 1e9:10.1f} {batch / step_time:9.0f} {rate:9.0f} {bare:8.0f} {rate / bare:6.2f}")


def discriminator_step(options: DiscriminatorOptions, runtime: Runtime, batch: int) -> Callable[[], None]:
    """Forward, backward and update on one batch of 32x32 images."""
    model = runtime.place(build_discriminator(options, classes=2, size=32))
    settings = OptimizerOptions(learning_rate=1e-3, weight_decay=0.05, beta1=0.5, schedule="constant")
    optimizer = ScheduledOptimizer(model.parameters(), settings, steps=1)
    images = torch.randn(batch, 3, 32, 32, device=runtime.device).to(memory_format=torch.channels_last)
    targets = torch.randint(0, 2, (batch,), device=runtime.device)

    def step() -> None:
        with runtime.autocast():
            logits = model(images).float()
        optimizer.update(F.cross_entropy(logits, targets))

    return step


def matrix_product(runtime: Runtime) -> Callable[[], None]:
    """One square product."""
    left, right = (torch.randn(SIDE, SIDE, device=runtime.device, dtype=runtime.precision) for _ in range(2))

    def product() -> None:
        torch.mm(left, right)

    return product


def timed(work: Callable[[], None], runtime: Runtime) -> float:
    """Seconds of one call."""
    started = time.perf_counter()
    work()
    if runtime.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
