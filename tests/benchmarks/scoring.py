"""How long do all scores with their intervals take, and how much memory?

Run by hand, on Linux: `OMP_NUM_THREADS=1 python tests/benchmarks/scoring.py`. Draws 2,000 test sets of whole groups and
scores each, for 600 and for 33,000 images, each in a process of its own. Prints seconds and the largest resident memory
(VmHWM of /proc/self/status). Fails if 600 images take more than 2 s, or 33,000 more than 500 MB.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

REPLICATES = 2_000
ALLOWED_SECONDS, ALLOWED_MB = 2.0, 500


def measure(images: int) -> tuple[float, int]:
    """Score once in this process: seconds and megabytes."""
    from nevus.metrics.intervals import estimate, resample

    generator = np.random.default_rng(0)
    labels = (generator.random(images) < max(0.02, 60 / images)).astype(int)
    probabilities = generator.random(images)
    lesions = generator.integers(images // 2, size=images).astype(object)
    started = time.perf_counter()
    weights = resample(labels, lesions, replicates=REPLICATES, seed=0)
    for one in estimate(labels, probabilities, weights, threshold=0.5, bins=10).values():
        one.interval(0.95)
    seconds = time.perf_counter() - started
    # Not ru_maxrss, which begins with what the process that started this one took.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return seconds, int(peak.split()[1]) // 1024


def main() -> None:
    """Measure both sizes apart."""
    if len(sys.argv) > 1:
        print(*measure(int(sys.argv[1])))
        return
    found = {}
    for images in (600, 33_000):
        call = [sys.executable, __file__, str(images)]
        seconds, megabytes = subprocess.run(call, capture_output=True, text=True, check=True).stdout.split()
        found[images] = float(seconds), int(megabytes)
        print(f"{images:6,} images: {float(seconds):5.2f} s, {megabytes} MB")
    if found[600][0] > ALLOWED_SECONDS or found[33_000][1] > ALLOWED_MB:
        sys.exit(f"more than {ALLOWED_SECONDS:g} s for 600 images or {ALLOWED_MB} MB for 33,000")


if __name__ == "__main__":
    main()
