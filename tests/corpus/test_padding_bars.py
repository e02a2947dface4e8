import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nevus.contracts import Pixels
from nevus.corpus.padding_bars import of_pictures, picture_boxes
from nevus.corpus.resize import fit

SIZES = [(64, 48), (48, 64), (60, 60), (100, 7), (601, 450)]


def _white(resize: str, side: int = 32) -> tuple[pd.DataFrame, Pixels]:
    """White images of several shapes, packed: whatever is not white is a bar."""
    packed = [np.asarray(fit(Image.new("RGB", size, (255, 255, 255)), side, resize)) for size in SIZES]
    return pd.DataFrame(SIZES, columns=["width", "height"]), np.stack(packed)


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_a_box_holds_the_picture_and_no_bar(resize: str) -> None:
    manifest, packed = _white(resize)
    for (top, bottom, left, right), image in zip(picture_boxes(manifest, 32, resize), packed, strict=True):
        assert (image[top:bottom, left:right] == 255).all()
        assert (image == 255).sum() == 3 * (bottom - top) * (right - left)


def test_values_come_in_the_order_of_the_rows_asked_for() -> None:
    manifest, packed = _white("pad")
    rows = np.array([3, 0, 2, 0, 1, 4])
    boxes = picture_boxes(manifest, 32, "pad")[rows]

    def shape_and_row(pixels: Pixels, chosen: np.ndarray) -> np.ndarray:
        return np.column_stack([np.full(len(chosen), pixels.shape[1]), chosen])

    found = of_pictures(shape_and_row, packed, rows, boxes)
    assert found[:, 1].tolist() == rows.tolist()
    assert found[:, 0].tolist() == (boxes[:, 1] - boxes[:, 0]).tolist()


def test_no_image_has_no_box_and_no_value() -> None:
    manifest, packed = _white("pad")
    none = picture_boxes(manifest.iloc[:0], 32, "pad")
    assert none.shape == (0, 4)
    assert len(of_pictures(lambda pixels, rows: rows, packed, np.zeros(0, np.int64), none)) == 0
