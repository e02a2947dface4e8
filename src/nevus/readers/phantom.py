"""The phantom: a data set of dermoscopy-like drawings that comes with the project. Drawings, not patients.

Made for tutorials, tests and studies in which the truth must be known; it says nothing about any diagnosis.
"""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError
from nevus.readers import options as options_module
from nevus.readers import phantom_drawing, phantom_fields, phantom_population
from nevus.readers.options import PhantomOptions
from nevus.readers.phantom_drawing import SUPERSAMPLING, draw
from nevus.readers.phantom_population import draw_population

SMALLEST, LARGEST = 32, 128
RECORD_COLUMNS = ["file", "image_id", "split", "label", "diagnosis", "group_id", "age", "sex", "site", "source"]
PIXELS_AT_ONCE = 2**17  # fields of a chunk stay in the processor's cache
THREADS = 2  # numpy lets go of Python's lock for whole fields; a third thread would mostly wait for it
HIDDEN = "unlabeled"


def read(source: Source | None, options: PhantomOptions, *, size: int) -> Listing:
    """List the phantom's images; they are drawn when the source is read.

    Args:
        source: Not needed: nothing is read.
        options: Seed, numbers of images and how alike the classes are.
        size: Width and height of the images in pixels, 32 to 128.

    Returns:
        Records with `label` (0 nevus, 1 melanoma) and `diagnosis` missing in the unlabelled split, and no quarantine.

    Raises:
        SourceError: If the size is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise SourceError(
            f"The phantom can be drawn at {SMALLEST} to {LARGEST} pixels, but {size} were asked for. "
            "Change the image size in conf/base/parameters/ingestion.yml."
        )
    population = draw_population(options)
    known = population["split"] != HIDDEN
    records = population.assign(
        label=population["label"].astype("Int64").where(known),
        diagnosis=population["diagnosis"].where(known),
        source="phantom",
    )
    quarantine = pd.DataFrame(columns=list(QUARANTINE_COLUMNS), dtype="str")
    return Listing(records[RECORD_COLUMNS].copy(), quarantine, PhantomSource(options, size, population))


def attributes(options: PhantomOptions) -> pd.DataFrame:
    """The truth behind every image, for studies and tests; never an input of training.

    Args:
        options: As in `read`.

    Returns:
        One row an image in the order of `read`'s records: `image_id`, `split`, `group_id`, the true `label` and
        `diagnosis` also of the unlabelled images, and every attribute that the drawing follows.
    """
    return draw_population(options)


class PhantomSource:
    """Files that do not exist until they are read (implements `nevus.contracts.Source`)."""

    def __init__(self, options: PhantomOptions, size: int, population: pd.DataFrame) -> None:
        self._options = options
        self._size = size
        self._rows = {name: row for row, name in enumerate(population["file"])}
        numeric = population.select_dtypes("number").assign(image=np.arange(len(population)))
        self._columns = {str(name): numeric[name].to_numpy() for name in numeric}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the options, the size and the code that draws."""
        digest = hashlib.sha256(f"{self._options.model_dump_json()} {self._size}".encode())
        for module in (options_module, phantom_population, phantom_fields, phantom_drawing):
            digest.update(Path(str(module.__file__)).read_bytes())
        digest.update(Path(__file__).read_bytes())
        return digest.hexdigest()

    def names(self) -> list[str]:
        """All file names, such as `labeled/phantom_00042.png`, sorted."""
        return sorted(self._rows)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """Draw the named images.

        Args:
            names: Any of `names()`, in any order, also repeated.

        Returns:
            The PNG files, in order.

        Raises:
            SourceError: If there is no such file.
        """
        unknown = [name for name in names if name not in self._rows]
        if unknown:
            raise SourceError(
                f"The phantom has {len(self._rows)} files, but no '{unknown[0]}'. Take names from names()."
            )
        rows = np.array([self._rows[name] for name in names], dtype=np.intp)
        step = max(1, PIXELS_AT_ONCE // (self._size * SUPERSAMPLING) ** 2)
        chunks = [rows[start : start + step] for start in range(0, len(rows), step)]
        with ThreadPoolExecutor(THREADS) as threads:
            return [file for files in threads.map(self._draw, chunks) for file in files]

    def _draw(self, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> list[bytes]:
        table = {name: values[rows] for name, values in self._columns.items()}
        return [_encode(pixels) for pixels in draw(table, self._options.seed, self._size)]


def _encode(pixels: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
