"""A test set as large as a challenge's fits into the memory of a laptop, however many replicates are drawn."""

import subprocess
import sys

import pytest

SCRIPT = """
from pathlib import Path
import numpy as np
from nevus.metrics.bands import precision_recall_band, roc_band
from nevus.metrics.intervals import estimate, resample

generator = np.random.default_rng(0)
labels = (generator.random(33_000) < 0.02).astype(int)
probabilities = generator.random(33_000)
weights = resample(labels, np.full(33_000, None), replicates=2_000, seed=0)
roc_band(labels, probabilities, weights, grid=np.linspace(0, 1, 101), confidence=0.95)
precision_recall_band(labels, probabilities, weights, grid=np.linspace(0.01, 1, 100), confidence=0.95)
estimate(labels, probabilities, weights, threshold=0.5, bins=10)
# Not ru_maxrss, which begins with what the process that started this one took.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self/status is Linux only")
def test_two_thousand_replicates_of_thirty_three_thousand_images_need_no_500_megabytes():
    found = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 500
