"""How far the probabilities of a saved model move when its images are resized by somebody else.

`python tests/benchmarks/other_filters.py MODEL FOLDER`: the folder of a model, and one with JPEGs. Prints the largest
differences from what the model says of the files themselves, which is what it says of the packed images.
"""

import io
import sys
from pathlib import Path

import mlflow
import numpy as np
from PIL import Image

from nevus.corpus.decode import decode

IMAGES = 400
FILTERS = ("BILINEAR", "BICUBIC", "LANCZOS", "NEAREST")


def main(folder: str, images: str) -> None:
    """Print a line a way."""
    model = mlflow.pyfunc.load_model(folder)
    files = [path.read_bytes() for path in sorted(Path(images).rglob("*.jpg"))[:IMAGES]]
    size = len(mlflow.models.Model.load(folder).load_input_example(folder)[0])
    raw = np.asarray(model.predict(files))
    packed = decode(files, size, max_pixels=50_000_000, resize="squash").pixels
    print(f"{len(files)} images to {size} pixels")
    print(f"packed: {np.abs(model.predict(packed) - raw).to_numpy().max():.3f}")
    whole = [Image.open(io.BytesIO(data)).convert("RGB") for data in files]
    for name in FILTERS:
        resized = [np.asarray(image.resize((size, size), getattr(Image.Resampling, name))) for image in whole]
        print(f"{name}: {np.abs(model.predict(resized) - raw).to_numpy().max():.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
