"""Images as files beside a table that names them: a source that the reader `table` takes as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from nevus.contracts import Pixels, Table
from nevus.io.atomic import replacing_folder
from nevus.progress import progress_bar

TABLE = "images.csv"
COMPRESSION = 1  # of zlib: half as long again as the smallest file, in a fraction of the time


class ImageFolderDataset(AbstractDataset[tuple[Pixels, Table], tuple[Pixels, Table]]):
    """A folder with PNG files and `images.csv`; nothing is lost of the pixels.

    Args:
        filepath: The folder; replaced as a whole when images are saved.
        metadata: Ignored here, read by plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> tuple[Pixels, Table]:
        """The images (n, H, W, 3) in the order of the table, and the table."""
        import pandas as pd
        from PIL import Image

        table = pd.read_csv(self._filepath / TABLE, dtype={"label": "object"}, keep_default_na=False)
        files = [self._filepath / name for name in table["file"]]
        return np.stack([np.asarray(Image.open(file)) for file in files]), table

    def save(self, data: tuple[Pixels, Table]) -> None:
        """Write one file an image, under its name in the column `file` of the table.

        Raises:
            DatasetError: There are more rows than images, or fewer.
        """
        from PIL import Image

        pixels, table = data
        if len(pixels) != len(table):
            raise DatasetError(f"a table of {len(table):,} rows cannot name {len(pixels):,} images. Hand over both.")
        with replacing_folder(self._filepath) as fresh, progress_bar(len(table), name="write", unit="image") as bar:
            for name, image in zip(table["file"], pixels, strict=True):
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(fresh / name, compress_level=COMPRESSION)
                bar.update()
            table.to_csv(fresh / TABLE, index=False)

    def _exists(self) -> bool:
        return (self._filepath / TABLE).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
