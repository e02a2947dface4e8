"""Does packing take more memory for more images?

Run by hand, on Linux: `python tests/benchmarks/pack_memory.py`. Packs 2,000 and then 20,000 images of 224 x 224 pixels
with two workers, each time in a process of its own, writes them as an ingestion does, and prints the largest resident
memory of that process and of its workers (VmHWM of /proc/<process>/status). Pages of the file being written belong to
the system's cache, not to the process. Fails if the larger corpus takes 300 MB more, in all.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Pixels, Table
from nevus.corpus.pack import recipe
from nevus.io.corpus import CorpusDataset
from nevus.io.raw_files import FolderSource

ALLOWED_MB = 300
DIFFERENT = 50  # images on disk; their names come again under other names


def main() -> None:
    """Print two lines, or pack where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs=2, default=[2_000, 20_000])
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--allowed", type=int, default=ALLOWED_MB, help="MB that the larger corpus may take more")
    parser.add_argument("--pack", type=Path, help="pack this folder's images and tell the memory; used by this script")
    arguments = parser.parse_args()
    if arguments.pack is not None:
        pack(arguments.pack, arguments.images[0], arguments.size, arguments.workers)
        return
    first, second = (measure(images, arguments.size, arguments.workers) for images in arguments.images)
    print(f"{second - first:+.0f} MB; {arguments.allowed} are allowed")
    if second - first > arguments.allowed:
        raise SystemExit(1)


def measure(images: int, size: int, workers: int) -> float:
    """Largest resident memory of the packing process and of its workers together, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        draw(Path(folder), size)
        command = [sys.executable, __file__, "--pack", folder, "--images", str(images), "0"]
        command += ["--size", str(size), "--workers", str(workers)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    own, *others = (float(value) for value in done.stdout.split())
    shown = " + ".join(f"{value:.0f}" for value in others)
    print(f"{images:,} images of {size} x {size}: {own:.0f} MB, workers {shown or 0} MB")
    return own + sum(others)


def draw(folder: Path, size: int) -> None:
    """Noise of low contrast, which is as long a file as a photograph."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    for number in range(DIFFERENT):
        pixels = rng.integers(96, 160, (size, size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.jpg", quality=90)


def pack(folder: Path, images: int, size: int, workers: int) -> None:
    """Pack, and print the largest memory of this process and of each worker."""
    made = recipe(
        listing(folder / "images", images),
        size=size,
        resize="squash",
        chunk=256,
        workers=workers,
        max_pixels=50_000_000,
        max_quarantined_share=0.0,
    )
    peaks: dict[int, float] = {}

    def watched() -> Iterator[tuple[Pixels, Table, Table]]:
        for chunk in made.chunks():
            peaks.update({child.pid: peak(child.pid) for child in active_children() if child.pid})
            yield chunk

    CorpusDataset(filepath=str(folder / "corpus")).save(replace(made, chunks=watched))
    print(peak(os.getpid()), *peaks.values())


def peak(process: int) -> float:
    """Largest resident memory so far, in MB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM:"))


def listing(folder: Path, images: int) -> Listing:
    """So many records of the few files."""
    numbers = np.arange(images)
    records = pd.DataFrame(
        {
            "file": [f"{number % DIFFERENT}.jpg" for number in numbers],
            "image_id": [f"{number:06}" for number in numbers],
            "split": "labeled",
            "label": numbers % 2,
            "source": "benchmark",
        }
    )
    return Listing(records, pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str), FolderSource(folder))


if __name__ == "__main__":
    main()
