"""Makers of fake MNIST files and of images beside a table."""

import csv
import gzip
import io
import struct
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nevus.contracts import Pixels
from tests.fakes import fake_jpeg


def digit_images(count: int, height: int = 28, width: int = 28) -> Pixels:
    """Grey images, (count, height, width) uint8, each of them another."""
    return np.random.default_rng(0).integers(0, 256, (count, height, width), dtype=np.uint8)


def idx_images(images: Pixels, *, magic: int = 2051) -> bytes:
    """An IDX file of images."""
    return struct.pack(">4I", magic, *images.shape) + images.tobytes()


def idx_labels(labels: Iterable[int], *, magic: int = 2049) -> bytes:
    """An IDX file of labels."""
    values = bytes(labels)
    return struct.pack(">2I", magic, len(values)) + values


def mnist_files(train: int = 20, t10k: int = 10, *, zipped: bool = True, top: str = "") -> dict[str, bytes]:
    """Files in the layout of MNIST, the digits in turn; a part of no images is absent."""
    files = {}
    for part, count in (("train", train), ("t10k", t10k)):
        if count:
            files[f"{part}-images-idx3-ubyte"] = idx_images(digit_images(count))
            files[f"{part}-labels-idx1-ubyte"] = idx_labels(number % 10 for number in range(count))
    if not zipped:
        return {top + name: content for name, content in files.items()}
    return {f"{top}{name}.gz": gzip.compress(content) for name, content in files.items()}


def csv_file(rows: Sequence[Mapping[str, object]]) -> bytes:
    """A CSV file with the columns of the first row."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def image_files(*names: str) -> dict[str, bytes]:
    """Small JPEGs under these names, each of them another."""
    return {name: fake_jpeg(seed) for seed, name in enumerate(names)}
