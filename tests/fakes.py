"""Makers of fake images, archives and sources, shared by the tests."""

import io
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nevus.contracts import Pixels


def fake_pixels(seed: int, height: int = 8, width: int = 8) -> Pixels:
    """A smooth coloured image, (height, width, 3) uint8, another for every seed."""
    rng = np.random.default_rng(seed)
    corners = Image.fromarray(rng.integers(0, 256, (2, 2, 3), dtype=np.uint8))
    return np.asarray(corners.resize((width, height), Image.Resampling.BILINEAR))


def encode(pixels: Pixels, format: str = "JPEG", **options: Any) -> bytes:
    """An image file; the mode follows the array."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)
    return buffer.getvalue()


def fake_jpeg(seed: int, height: int = 8, width: int = 8, **options: Any) -> bytes:
    """A plain JPEG file."""
    return encode(fake_pixels(seed, height, width), quality=95, **options)


def melanoma_files(
    labeled: int = 4, unlabeled: int = 6, test: int = 4, top: str = "MelanomaDetection/"
) -> dict[str, bytes]:
    """Files in the layout of MelanomaDetection: classes in turn, 8 x 8 pixels, every image another."""
    names = [f"labeled/{i}_{i % 2}.jpg" for i in range(labeled)]
    names += [f"unlabeled/{i}.jpg" for i in range(unlabeled)]
    names += [f"test/{i}_{i % 2}.jpg" for i in range(test)]
    return {top + name: fake_jpeg(seed) for seed, name in enumerate(names)}


def write_zip(path: Path, files: Mapping[str, bytes] | Sequence[tuple[str, bytes]]) -> Path:
    """A zip archive with these members, in this order; a name may come twice and may be hostile."""
    members = files.items() if isinstance(files, Mapping) else files
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, content in members:
            archive.writestr(name, content)
    return path


def write_folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return path


@dataclass
class FakeSource:
    """A source in memory that counts what is read."""

    files: dict[str, bytes]
    version: str = "1"
    reads: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """As told: it does not follow the files."""
        return self.version

    def names(self) -> list[str]:
        """Sorted names."""
        return sorted(self.files)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The contents, noting the names."""
        self.reads += names
        return [self.files[name] for name in names]
