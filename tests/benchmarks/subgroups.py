"""How long do the scores of all parts of a large test set take, and how much memory?

Run by hand, on Linux: `OMP_NUM_THREADS=1 python tests/benchmarks/subgroups.py`. Scores 33,000 images, the size of
SIIM-ISIC 2020, in 19 groups of age, sex, site and source with 2,000 resampled test sets each. Prints the processor's
seconds and the largest resident memory (VmHWM of /proc/self/status). Fails above 30 s or 500 MB.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd

IMAGES, REPLICATES = 33_000, 2_000
ALLOWED_SECONDS, ALLOWED_MB = 30.0, 500
SITES = ["head", "trunk", "arm", "leg", "hand", "foot", "scalp", "oral"]


def main() -> None:
    """Draw a test set, score its parts, and hold both numbers to what is allowed."""
    from nevus.metrics.subgroups import memberships, subgroup_scores

    generator = np.random.default_rng(0)
    labels = (generator.random(IMAGES) < 0.1).astype(int)
    rows = pd.DataFrame({"image_id": [f"i{number}" for number in range(IMAGES)], "label": labels})
    rows["group_id"] = [f"patient {number}" for number in generator.integers(2_000, size=IMAGES)]
    rows["probability"] = generator.random(IMAGES)
    manifest = pd.DataFrame({"age": generator.integers(20, 90, IMAGES), "sex": generator.choice(["f", "m"], IMAGES)})
    manifest["site"] = generator.choice(SITES, IMAGES)
    manifest["source"] = generator.choice(["a", "b", "c", "d"], IMAGES)
    started = time.process_time()
    groups = memberships(manifest, age_bands=[30, 45, 60, 75], most=20)
    how = {"replicates": REPLICATES, "confidence": 0.95, "seed": 0, "threshold": 0.5}
    table = subgroup_scores(rows, groups, ("benign", "melanoma"), few=10, **how)
    seconds = time.process_time() - started
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    megabytes = int(peak.split()[1]) // 1024
    number = len(table.drop_duplicates(["attribute", "group"]))
    print(f"{IMAGES:,} images in {number} groups: {seconds:.1f} s, {megabytes} MB")
    assert seconds <= ALLOWED_SECONDS, f"more than {ALLOWED_SECONDS} s"
    assert megabytes <= ALLOWED_MB, f"more than {ALLOWED_MB} MB"


if __name__ == "__main__":
    main()
