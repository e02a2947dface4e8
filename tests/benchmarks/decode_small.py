"""How fast are thousands of small JPEGs decoded, beside Pillow in a loop and ImageFolder with two workers?

Run by hand, on a quiet machine: `python tests/benchmarks/decode_small.py`. The images are those of the sample of
MelanomaDetection (7,518 of 32 x 32 pixels), or of another archive or folder. Rows are timed in turn, and the medians
of the rounds compared, so that the ratios hold where the machine's speed drifts. Every row ends with all pixels in one
array, and the script stops if the arrays differ.

Two comparisons: from encoded bytes that are in memory (decoding alone), and from the archive (reading too).
ImageFolder cannot read an archive; it gets the files unpacked, for nothing. "pack" is what an ingestion does with
`workers: 0`: reading, decoding, SHA-256, perceptual hash and rows of the manifest.
"""

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms.v2 import PILToTensor

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Pixels, Source
from nevus.corpus.decode import decode
from nevus.corpus.pack import recipe
from nevus.io.raw_files import FolderSource, ZipSource

SIZE = 32
BATCH = 256
MAX_PIXELS = 50_000_000
WORKERS = 2  # of the DataLoader


def main() -> None:
    """Print one line a way."""
    sample = Path(os.environ.get("NEVUS_SAMPLE_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, default=sample / "melanoma_detection" / "MelanomaDetection.zip")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    path: Path = arguments.source
    source: Source = FolderSource(path) if path.is_dir() else ZipSource(path)
    names = [name for name in source.names() if name.lower().endswith(".jpg")]
    files = source.read(names)
    print(
        f"{len(files):,} JPEGs, {np.mean([len(data) for data in files]):,.0f} bytes each, {os.cpu_count()} processors"
    )
    with tempfile.TemporaryDirectory() as folder:
        unpacked = unpack(Path(folder), files)
        compare("decoding alone", memory_ways(files), arguments.rounds)
        compare("from the archive", source_ways(source, names, unpacked), arguments.rounds)


def memory_ways(files: Sequence[bytes]) -> dict[str, Callable[[], Pixels]]:
    """Bytes to pixels."""
    return {
        "Pillow in a loop": lambda: np.stack([pillow(data) for data in files]),
        "nevus.corpus.decode": lambda: np.concatenate(
            [nevus(files[i : i + BATCH]) for i in range(0, len(files), BATCH)]
        ),
    }


def source_ways(source: Source, names: Sequence[str], unpacked: ImageFolder) -> dict[str, Callable[[], Pixels]]:
    """Archive or files to pixels."""
    made = recipe(
        listing(source, names),
        size=SIZE,
        resize="squash",
        chunk=BATCH,
        workers=0,
        max_pixels=MAX_PIXELS,
        max_quarantined_share=0.0,
    )
    starts = range(0, len(names), BATCH)
    return {
        "Pillow in a loop": lambda: np.stack([pillow(source.read([name])[0]) for name in names]),
        f"ImageFolder, {WORKERS} workers": lambda: image_folder(unpacked),
        "nevus.corpus.decode": lambda: np.concatenate([nevus(source.read(names[i : i + BATCH])) for i in starts]),
        "nevus.corpus.pack": lambda: np.concatenate([pixels for pixels, _, _ in made.chunks()]),
    }


def compare(title: str, ways: dict[str, Callable[[], Pixels]], rounds: int) -> None:
    """Time the ways in turn; the first is what the others are compared with."""
    want = next(iter(ways.values()))()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            found = way()
            seconds[name].append(time.perf_counter() - started)
            if not np.array_equal(found, want):
                raise SystemExit(f"{name} gives other pixels")
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    print(f"\n{title:24} {'seconds':>8} {'images/s':>9} {'times as fast':>14}")
    for name, median in medians.items():
        print(f"{name:24} {median:8.3f} {len(want) / median:9,.0f} {next(iter(medians.values())) / median:14.1f}")


def pillow(data: bytes) -> Pixels:
    """The plain way with one image."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def nevus(files: Sequence[bytes]) -> Pixels:
    """This project's way with a batch."""
    return decode(files, SIZE, max_pixels=MAX_PIXELS, resize="squash").pixels


def image_folder(images: ImageFolder) -> Pixels:
    """The plain way with torchvision."""
    batches = [pixels for pixels, _ in DataLoader(images, batch_size=BATCH, num_workers=WORKERS)]
    return torch.cat(batches).permute(0, 2, 3, 1).numpy()


def unpack(folder: Path, files: Sequence[bytes]) -> ImageFolder:
    """The images as files of one class, in their order."""
    (folder / "all").mkdir()
    for number, data in enumerate(files):
        (folder / "all" / f"{number:06}.jpg").write_bytes(data)
    return ImageFolder(str(folder), transform=PILToTensor())


def listing(source: Source, names: Sequence[str]) -> Listing:
    """All images as unlabelled ones."""
    records = pd.DataFrame({"file": names, "image_id": names, "split": "unlabeled", "source": "benchmark"})
    return Listing(records, pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype=str), source)


if __name__ == "__main__":
    main()
