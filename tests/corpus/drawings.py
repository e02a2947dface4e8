"""Independent drawings with some detail, what people do to images, and the real set."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from nevus.contracts import Corpus, Pixels
from nevus.corpus.pack import recipe
from nevus.io.source import SourceDataset
from nevus.readers import melanoma_detection, phantom
from nevus.readers.options import MelanomaDetectionOptions, PhantomOptions


def drawings(count: int, size: int = 96) -> Pixels:
    """(count, size, size, 3): lesions of the phantom, no two alike."""
    counts = {"labeled": 4, "unlabeled": count, "test": 4}
    options = PhantomOptions(seed=0, **counts, unlabeled_melanoma_share=0.1, overlap=0.5, variation=0.0)
    listing = phantom.read(None, options, size=size)
    files = listing.records["file"].tolist()[:count]
    return np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in listing.source.read(files)])


def recompressed(image: Pixels, quality: int) -> Pixels:
    """As after a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def resized(image: Pixels, size: int) -> Pixels:
    """Scaled by bicubic interpolation."""
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def brighter(image: Pixels, by: int) -> Pixels:
    """Shifted, clipped at white."""
    return (image.astype(int) + by).clip(0, 255).astype(np.uint8)


def corpus_of(images: Pixels, hashes: Sequence[str] | None = None, prefix: str = "i", **columns: list[str]) -> Corpus:
    """A corpus with ids i0, i1, ...; bytes all different unless hashes are given."""
    ids = [f"{prefix}{number}" for number in range(len(images))]
    table = pd.DataFrame(
        {"image_id": ids, "split": "unlabeled", "sha256": list(hashes or ids), "row": range(len(ids)), **columns}
    )
    return Corpus(table, images, "fingerprint")


def melanoma_corpus(sample_data: Path) -> Corpus:
    """The real set, packed in memory."""
    source = SourceDataset(filepath=str(sample_data / "melanoma_detection" / "MelanomaDetection.zip")).load()
    listing = melanoma_detection.read(source, MelanomaDetectionOptions(), size=32)
    packed = recipe(
        listing, size=32, resize="squash", chunk=1024, workers=0, max_pixels=10_000, max_quarantined_share=0.01
    )
    pixels, rows, _ = zip(*packed.chunks(), strict=True)
    return Corpus(pd.concat(rows, ignore_index=True), np.concatenate(pixels), packed.fingerprint)
