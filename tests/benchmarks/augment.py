"""How fast a policy changes images, beside torchvision image by image and kornia by batches.

    pip install kornia
    python -m tests.benchmarks.augment

Every way does the same operations: symmetries, a turn with zoom, slant and shift, saturation, contrast, brightness.
"""

import argparse
import time
from collections.abc import Callable

import torch
from pydantic import TypeAdapter
from torch import Tensor
from torchvision.transforms import v2

from nevus.augment.options import Policy
from nevus.augment.policy import Augment

OPERATIONS = [
    {"name": "horizontal_flip"},
    {"name": "vertical_flip"},
    {"name": "rotate", "degrees": [-20, 20]},
    {"name": "scale", "factor": [0.87, 1.15]},
    {"name": "shear", "degrees": [-8, 8]},
    {"name": "shift", "share": [-0.08, 0.08]},
    {"name": "saturation", "factor": [0.8, 1.2]},
    {"name": "contrast", "factor": [0.8, 1.2]},
    {"name": "brightness", "factor": [0.9, 1.1]},
]


def nevus() -> Callable[[Tensor], Tensor]:
    """The policy, on a whole batch in [-1, 1]."""
    return Augment(TypeAdapter(Policy).validate_python(OPERATIONS))


def torchvision() -> Callable[[Tensor], Tensor]:
    """Each image by a draw of its own, as a data loader does; uint8 in, float out."""
    one = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomAffine(
                20, translate=(0.08, 0.08), scale=(0.87, 1.15), shear=8, interpolation=v2.InterpolationMode.BILINEAR
            ),
            v2.ColorJitter(brightness=0.1, contrast=0.2, saturation=0.2),
            v2.ToDtype(torch.float32, scale=True),
        ]
    )
    return lambda images: torch.stack([one(image) for image in images])


def kornia() -> Callable[[Tensor], Tensor] | None:
    """By batches, with a draw for each image; None where kornia is not installed."""
    try:
        import kornia.augmentation as k
    except ImportError:
        return None
    return k.AugmentationSequential(
        k.RandomHorizontalFlip(),
        k.RandomVerticalFlip(),
        k.RandomAffine(20, translate=(0.08, 0.08), scale=(0.87, 1.15), shear=8, padding_mode="reflection", p=1.0),
        k.ColorJitter(brightness=0.1, contrast=0.2, saturation=0.2, p=1.0),
    )


def seconds(way: Callable[[Tensor], Tensor], images: Tensor, repeats: int) -> float:
    """The median time of a batch."""
    way(images)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        way(images)
        if images.is_cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return sorted(times)[repeats // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    pixels = torch.randint(0, 256, (options.batch, 3, options.size, options.size), dtype=torch.uint8)
    pixels = pixels.to(options.device)
    ways = {
        "torchvision v2, image by image": (torchvision(), pixels),
        "kornia": (kornia(), pixels.float() / 255),
        "nevus": (nevus(), pixels.float() / 127.5 - 1),
    }
    found = {name: seconds(way, images, options.repeats) for name, (way, images) in ways.items() if way is not None}
    for name, taken in found.items():
        print(f"{name:32s} {options.batch / taken:10,.0f} images/s  {taken / found['nevus']:6.2f} times our time")


if __name__ == "__main__":
    main()
