"""Does training take more memory for more images?

Run by hand, on Linux: `python tests/benchmarks/training_memory.py`. Packs 2,000 and then 20,000 images of 224 x 224
pixels, deals them into splits so that none lies together (every fifth image is held out, every tenth has a label), and
trains a few steps on labelled and unlabelled batches, each time in a process of its own. Prints the largest resident
memory that belongs to the process (RssAnon of /proc/self/status, looked at every few milliseconds). Pages of the packed
file (RssFile) belong to the system's cache: it takes them back when memory is short, so they are printed apart. Fails
if the larger corpus takes 300 MB more.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from nevus.configuration import ConfigLoader
from nevus.contracts import (
    ASSIGNMENT_COLUMNS,
    MANIFEST_COLUMNS,
    QUARANTINE_COLUMNS,
    Corpus,
    CorpusRecipe,
    Pixels,
    Table,
)
from nevus.io.corpus import CorpusDataset
from nevus.pipelines.ssgan.nodes import build_ssgan_learner
from nevus.pipelines.ssgan.params import SsganParams
from nevus.settings import CONFIG_LOADER_ARGS

ALLOWED_MB = 300
CHUNK = 200  # images written at a time
BATCH = 32  # labelled images a step, and as many unlabelled ones
LOOK = 0.005  # seconds between two looks at the memory


def main() -> None:
    """Print two lines, or train where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs=2, default=[2_000, 20_000])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--allowed", type=int, default=ALLOWED_MB, help="MB that the larger corpus may take more")
    parser.add_argument("--train", type=Path, help="train on this folder's corpus; used by this script")
    arguments = parser.parse_args()
    if arguments.train is not None:
        watch(arguments.train, arguments.steps)
        return
    first, second = (measure(images, arguments.size, arguments.steps) for images in arguments.images)
    print(f"{second - first:+.0f} MB; {arguments.allowed} are allowed")
    if second - first > arguments.allowed:
        raise SystemExit(1)


def measure(images: int, size: int, steps: int) -> float:
    """Largest resident memory of the training process, in MB, less the pages of files."""
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), images, size)
        command = [sys.executable, __file__, "--train", folder, "--steps", str(steps)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    start, peak, files = (float(value) for value in done.stdout.split())
    print(
        f"{images:,} images of {size} x {size}, {images * size * size * 3 / 1e6:,.0f} MB packed: {start:.0f} MB at the "
        f"start, {peak:.0f} MB at most, beside {files:.0f} MB of pages of files"
    )
    return peak


def write_corpus(folder: Path, images: int, size: int) -> None:
    """Pack noise, the same in every chunk but for a shift, and deal it into splits."""
    names = [f"{number:06}" for number in range(images)]
    manifest = pd.DataFrame({column: [None] * images for column in MANIFEST_COLUMNS})
    manifest = manifest.assign(image_id=names, split="labeled", row=range(images)).astype({"label": "Int64"})
    noise = np.random.default_rng(0).integers(0, 256, (min(CHUNK, images), size, size, 3), dtype=np.uint8)
    quarantine = pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str)

    def chunks() -> Iterator[tuple[Pixels, Table, Table]]:
        for start in range(0, images, CHUNK):
            rows = manifest.iloc[start : start + CHUNK]
            yield noise[: len(rows)] + np.uint8(start // CHUNK), rows, quarantine

    recipe = CorpusRecipe(f"{images} {size}", (size, size), chunks, images, lambda *_: None)
    CorpusDataset(filepath=str(folder / "corpus")).save(recipe)
    place = np.arange(images) % 10
    split = np.select([place % 5 == 0, place == 1], ["test", "labeled"], "unlabeled")
    label = pd.array(np.arange(images) // 10 % 2, dtype="Int64")
    label[split == "unlabeled"] = pd.NA
    assignment = pd.DataFrame({"image_id": names, "split": split, "label": label, "reason": None})
    assignment[list(ASSIGNMENT_COLUMNS)].to_parquet(folder / "assignment.parquet")


def open_corpus(folder: Path) -> Corpus:
    """As the catalog opens it for a training."""
    assignment = {"filepath": str(folder / "assignment.parquet")}
    return CorpusDataset(filepath=str(folder / "corpus"), assignment=assignment, splits=["labeled", "unlabeled"]).load()


def train(training: Corpus, steps: int) -> None:
    """Some steps of the project's own semi-supervised GAN, small, so that the images and not the networks count."""
    conf = Path(__file__).resolve().parents[2] / "conf"
    small = {
        "classifier": {"network": {"widths": [8, 16], "resize": 32}, "loop": {"labeled_batch": BATCH}},
        "ssgan": {"generator": {"width": 4}, "unlabeled": {"batch": BATCH}},
    }
    parameters = ConfigLoader(str(conf), env="base", runtime_params=small, **CONFIG_LOADER_ARGS)["parameters"]
    learner = build_ssgan_learner(training, SsganParams.model_validate(parameters["ssgan"]), seed=0)
    for step in range(steps):
        learner.step(step)


def watch(folder: Path, steps: int) -> None:
    """Train, and print the process's own memory at the start and at most, and the most pages of files."""
    start, done = resident("RssAnon"), threading.Event()
    peaks = {"RssAnon": start, "RssFile": 0.0}

    def look() -> None:
        while not done.wait(LOOK):
            peaks.update({kind: max(peak, resident(kind)) for kind, peak in peaks.items()})

    watcher = threading.Thread(target=look)
    watcher.start()
    train(open_corpus(folder), steps)
    done.set()
    watcher.join()
    print(start, *peaks.values())


def resident(kind: str) -> float:
    """Resident memory of this process of one kind, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(f"{kind}:"))


if __name__ == "__main__":
    main()
