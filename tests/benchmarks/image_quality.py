"""What the metrics of generated images say of images whose fate is known, and what they cost.

    python tests/benchmarks/image_quality.py --source=MelanomaDetection.zip

The training pool and the held-out images are real. Four sets are held against them: further real images, the same
blurred, four images again and again, and copies of training images, each turned.
"""

import argparse
import io
import resource
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from nevus.metrics.gan_trouble import diversity
from nevus.metrics.image_quality import density_and_coverage, quality_beside_floor
from nevus.metrics.memorisation import memorisation
from nevus.metrics.neighbours import nearest_of_views
from nevus.metrics.options import ImageQualityOptions, MemorisationOptions
from nevus.networks.inception import quality_extractor
from nevus.training.features import embed, embed_views
from nevus.training.runtime import prediction_runtime

QUALITY = ImageQualityOptions(neighbours=5, subsets=50, subset_size=500)
COPIES = MemorisationOptions(quantile=0.01, confidence=0.95)


def pictures(source: Path, count: int) -> np.ndarray:
    """Some unlabelled images, in an order of chance: (n, 32, 32, 3) uint8."""
    with zipfile.ZipFile(source) as archive:
        names = sorted(name for name in archive.namelist() if "/unlabeled/" in name and name.endswith(".jpg"))
        chosen = np.random.default_rng(0).permutation(len(names))[:count]
        return np.stack([np.asarray(Image.open(io.BytesIO(archive.read(names[i]))).convert("RGB")) for i in chosen])


def blurred(images: np.ndarray) -> np.ndarray:
    """Each by a Gaussian of one pixel."""
    return np.stack([np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(1))) for image in images])


def main() -> None:
    """Print a row a set, then the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--images", type=int, default=300, help="of each set")
    parser.add_argument("--side", type=int, default=96)
    options = parser.parse_args()
    count, runtime = options.images, prediction_runtime("cpu")
    pool, held_out, further = np.split(pictures(options.source, 3 * count), 3)
    sets = {
        "further real images": further,
        "the same, blurred": blurred(further),
        "four images again and again": np.tile(further[:4], (count // 4, 1, 1, 1)),
        "turned copies of training images": np.ascontiguousarray(np.rot90(pool, axes=(1, 2))),
    }
    name, network = quality_extractor(None, size=pool.shape[1], side=options.side)
    started = time.perf_counter()
    features, other = (embed(network, images, average_d4=False, runtime=runtime) for images in (pool, held_out))
    print(f"{name}: {2 * count / (time.perf_counter() - started):.0f} images/s at {options.side} pixels")
    near_real = nearest_of_views(embed_views(network, held_out, all_views=True, runtime=runtime), features)
    rows = []
    for title, images in sets.items():
        views = list(embed_views(network, images, all_views=True, runtime=runtime))
        made = np.concatenate(views)[:, 0]
        table = quality_beside_floor(features, other, made, extractor=name, options=QUALITY, seed=0)
        copies = memorisation(nearest_of_views(views, features), near_real, COPIES)
        found = dict(zip(table["metric"], table["value"], strict=True))
        floor = {"set": "held-out (the floor)", **dict(zip(table["metric"], table["floor"], strict=True))}
        rows.append({"set": title, **found, "copies": copies.rate, **diversity(made, features)._asdict()})
    held = {**floor, "copies": copies.held_out_rate, **diversity(other, features)._asdict()}
    print(pd.DataFrame([held, *rows]).round(4).to_string(index=False))
    large = np.random.default_rng(0).normal(size=(17_000, features.shape[1])).astype(np.float32)
    started = time.perf_counter()
    density_and_coverage(large[:10_000], large[10_000:], neighbours=5)
    taken, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"density and coverage of 7,000 against 10,000 images: {taken:.1f} s, the whole process {peak:.0f} MiB at most"
    )


if __name__ == "__main__":
    main()
