"""How fast are photographs of full size decoded and reduced, beside Pillow in a loop and ImageFolder with two workers?

Run by hand, on a quiet machine: `python tests/benchmarks/decode_large.py`. The images are those of the ISIC 2017
sample, or of another folder, taken again and again up to the number of the real training set (2,000), so that the time
to start the workers counts as much as it does in use. Each way runs once a round, in turn; medians are compared.

"Pillow in a loop" decodes at full scale and resizes with antialiasing, in one process. This project decodes JPEGs at
reduced scale, so its pixels differ a little: the last columns give the difference to Pillow's, over all pixels, in
levels of 255. It also computes SHA-256 and perceptual hashes meanwhile, which the others do not.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nevus.contracts import Pixels
from nevus.corpus.chunks import Task
from nevus.corpus.parallel import decode_chunks
from nevus.io.raw_files import FolderSource

CHUNK = 256
MAX_PIXELS = 50_000_000
LOADERS = 2  # workers of the DataLoader


def main() -> None:
    """Print one line a way."""
    sample = Path(os.environ.get("NEVUS_SAMPLE_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=sample / "isic2017" / "ISIC-2017_Training_Data")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--workers", type=int, default=None, help="beside none; one a processor if not given")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    sample_names = [name for name in FolderSource(folder).names() if name.lower().endswith((".jpg", ".jpeg"))]
    names = [sample_names[number % len(sample_names)] for number in range(arguments.images)]
    mean = np.mean([(folder / name).stat().st_size for name in sample_names])
    print(
        f"{len(names):,} JPEGs ({len(sample_names)} different), {mean / 1000:,.0f} kB each, to {arguments.size} pixels"
    )
    print(f"{os.cpu_count()} processors")
    for way in ways(folder, names[:10], arguments.size, 0).values():
        way()  # what is imported or compiled at the first call does not count
    compare(ways(folder, names, arguments.size, arguments.workers), arguments.rounds)


def ways(folder: Path, names: list[str], size: int, workers: int | None) -> dict[str, Callable[[], Pixels]]:
    """Files to pixels; the first is the reference."""
    paths = [folder / name for name in names]
    return {
        "Pillow in a loop": lambda: np.stack([pillow(path, size) for path in paths]),
        f"ImageFolder, {LOADERS} workers": lambda: image_folder(folder, names, size),
        "nevus, no worker": lambda: nevus(folder, names, size, 0),
        f"nevus, {'all processors' if workers is None else f'{workers} workers'}": lambda: nevus(
            folder, names, size, workers
        ),
    }


def compare(ways: dict[str, Callable[[], Pixels]], rounds: int) -> None:
    """Time the ways in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    differences: dict[str, np.ndarray[Any, Any]] = {}
    for _ in range(rounds):
        want: Pixels | None = None
        for name, way in ways.items():
            started = time.perf_counter()
            found = way()
            seconds[name].append(time.perf_counter() - started)
            want = found if want is None else want
            differences[name] = np.bincount(np.abs(found.astype(np.int16) - want).ravel(), minlength=256)
    medians = {name: float(np.median(values)) for name, values in seconds.items()}
    print(f"{'':24} {'seconds':>8} {'images/s':>9} {'times as fast':>14} {'mean diff.':>11} {'99 % within':>12}")
    for name, median in medians.items():
        counts = differences[name]
        mean = float(counts @ np.arange(256) / counts.sum())
        most = int(np.searchsorted(np.cumsum(counts), 0.99 * counts.sum()))
        speed = next(iter(medians.values())) / median
        print(f"{name:24} {median:8.2f} {len(want) / median:9,.0f} {speed:14.1f} {mean:11.3f} {most:12}")


def pillow(path: Path, size: int) -> Pixels:
    """The plain way with one image."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR))


def image_folder(folder: Path, names: list[str], size: int) -> Pixels:
    """The plain way with torchvision; the folder's own folder has it as a class."""
    import torch  # here, since the workers import this file too, as they import any program's
    from torch.utils.data import DataLoader, Subset
    from torchvision.datasets import ImageFolder
    from torchvision.transforms.v2 import Compose, PILToTensor, Resize

    transform = Compose([Resize((size, size)), PILToTensor()])
    root = str(folder.parent)
    images = ImageFolder(root, transform, is_valid_file=lambda path: Path(path).parent == folder, allow_empty=True)
    where = {Path(path).name: index for index, (path, _) in enumerate(images.samples)}
    subset = Subset(images, [where[name] for name in names])
    batches = [pixels for pixels, _ in DataLoader(subset, batch_size=64, num_workers=LOADERS)]
    return torch.cat(batches).permute(0, 2, 3, 1).numpy()


def nevus(folder: Path, names: list[str], size: int, workers: int | None) -> Pixels:
    """This project's way; chunks go to their place as they come, as packing does it."""
    task = Task(size, "squash", MAX_PIXELS)
    pixels, row = np.empty((len(names), size, size, 3), np.uint8), 0
    for chunk in decode_chunks(FolderSource(folder), names, task, chunk=CHUNK, workers=workers):
        pixels[row : row + len(chunk.pixels)] = chunk.pixels
        row += len(chunk.pixels)
    return pixels[:row]


if __name__ == "__main__":
    main()
