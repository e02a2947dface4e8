"""Some rows of the packed pixels, read when somebody looks at them."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import Pixels


class RowPixels:
    """Chosen rows of pixels, indexed like an array of them; nothing is held, so the memory stays flat.

    Whatever is indexed is read, a slice too: ask for a batch, not for everything. `numpy.asarray` reads all.

    Args:
        pixels: (N, H, W, 3) uint8, usually memory-mapped.
        rows: (M,) int64, for each image its row in `pixels`.
    """

    def __init__(self, pixels: Pixels, rows: NDArray[np.int64]) -> None:
        self.source, self.rows = pixels, rows
        self.shape = (len(rows), *pixels.shape[1:])
        self.ndim, self.dtype = len(self.shape), pixels.dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Pixels:
        """As of an array: by a position, a slice, positions or a mask, perhaps followed by slices or numbers.

        Raises:
            IndexError: A position is out of range, or what follows the first axis is no slice or number.
        """
        first, *rest = index if isinstance(index, tuple) else (index,)
        if first is None or first is ... or not all(isinstance(part, slice | int | np.integer) for part in rest):
            raise IndexError("index these pixels by rows and then by slices or numbers; read the rows first for more")
        rows = self.rows[first if not isinstance(first, list) or first else slice(0)]
        # Cropped before it is gathered, so that no more is read than was asked for.
        part = self.source[(slice(None), *rest)] if rest else self.source
        return cast("Pixels", part[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All images; only for few of them.

        Raises:
            ValueError: It was asked for without a copy, which cannot be.
        """
        if copy is False:
            raise ValueError("these pixels are gathered from scattered rows, which takes a copy")
        return np.asarray(self[:], dtype=dtype)


def view_rows(pixels: Pixels, rows: NDArray[np.int64]) -> Pixels:
    """Look at some images without reading any.

    Args:
        pixels: (N, H, W, 3) uint8: an array, a view of some rows, or what else is indexed like them.
        rows: (M,) positions of those wanted.

    Returns:
        (M, H, W, 3): a slice of the array where the rows follow one another, else `RowPixels`. Whoever indexes it need
        not know which.
    """
    if isinstance(pixels, RowPixels):
        pixels, rows = pixels.source, pixels.rows[rows]
    together = len(rows) > 0 and bool((np.diff(rows) == 1).all())
    if together and isinstance(pixels, np.ndarray):
        return pixels[rows[0] : rows[-1] + 1]
    return cast("Pixels", RowPixels(pixels, np.asarray(rows, dtype=np.int64)))


def crop(pixels: Pixels, down: slice, across: slice) -> Pixels:
    """Look at the same part of each image without reading any.

    Args:
        pixels: (N, H, W, 3) uint8, an array or a view of some rows.
        down: Of the height.
        across: Of the width.

    Returns:
        (N, h, w, 3), of the kind that came in.
    """
    if isinstance(pixels, RowPixels):
        return cast("Pixels", RowPixels(pixels.source[:, down, across], pixels.rows))
    return pixels[:, down, across]


def in_views(pixels: Pixels, views: NDArray[np.int64]) -> Pixels:
    """Turn each image to one of the eight symmetries of the square.

    Args:
        pixels: (N, H, H, 3).
        views: (N,): 0 to 3 quarter turns against the clock, 4 to 7 the same mirrored left to right afterwards.

    Returns:
        The same shape.
    """
    turned = [np.rot90(image, int(view) % 4) for image, view in zip(pixels, views, strict=True)]
    mirrored = [image[:, ::-1] if view >= 4 else image for image, view in zip(turned, views, strict=True)]
    return cast("Pixels", np.stack(mirrored) if mirrored else np.asarray(pixels))
