"""Figures that can be read back."""

from __future__ import annotations

from kedro.io.core import get_filepath_str
from kedro_datasets.matplotlib import MatplotlibDataset

from nevus.io.atomic import Atomic


class FigureDataset(Atomic, MatplotlibDataset):  # type: ignore[misc]
    """Saves a matplotlib figure like `MatplotlibDataset`, in one go, and loads the bytes of the image file.

    The report embeds these bytes; `MatplotlibDataset` itself refuses to load.

    Example:
        ```yaml
        "{run}.roc":
          type: nevus.io.figure.FigureDataset
          filepath: data/08_reporting/{run}/roc.png
          save_args: {dpi: 144, bbox_inches: tight}
        ```
    """

    def load(self) -> bytes:
        """Read the image file.

        Returns:
            The encoded image, in the format it was saved in.

        Raises:
            DatasetError: If the file is not there.
        """
        path = get_filepath_str(self._get_load_path(), self._protocol)
        content: bytes = self._fs.cat_file(path)
        return content
