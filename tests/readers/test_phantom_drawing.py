from typing import Any

import numpy as np
import numpy.typing as npt

from nevus.readers import phantom
from nevus.readers.options import PhantomOptions
from nevus.readers.phantom_drawing import draw

OPTIONS = PhantomOptions(
    seed=3, labeled=60, unlabeled=0, test=4, unlabeled_melanoma_share=0.1, overlap=0.5, variation=0.0
)
COUNT = 40


def _drawn(**changes: float) -> npt.NDArray[np.float64]:
    """Images of the same lesions with some columns of the table set to one value."""
    plain = {"hairs": 0, "vignette": 0.0, "falloff": 0.0}
    table = phantom.attributes(OPTIONS).select_dtypes("number").head(COUNT).assign(image=range(COUNT))
    columns: dict[str, npt.NDArray[Any]] = {
        str(name): values.to_numpy() for name, values in table.assign(**(plain | changes)).items()
    }
    return draw(columns, OPTIONS.seed, 48).astype(np.float64)


def _lesion(images: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    green = images[..., 1]
    corner = np.median(green[:, :4].reshape(len(green), -1), axis=1)
    return green < 0.82 * corner[:, None, None]


def test_pixels_are_bytes_in_three_channels() -> None:
    table = phantom.attributes(OPTIONS).select_dtypes("number").assign(image=lambda rows: range(len(rows)))
    pixels = draw({str(name): values.to_numpy() for name, values in table.items()}, OPTIONS.seed, 33)
    assert pixels.shape == (64, 33, 33, 3)
    assert pixels.dtype == np.uint8


def test_lesion_is_darker_than_the_skin_around_it() -> None:
    images = _drawn()
    assert (images[:, 20:28, 20:28].mean(axis=(1, 2, 3)) < images[:, :4].mean(axis=(1, 2, 3))).mean() > 0.9


def test_darkness_darkens_and_redness_reddens() -> None:
    assert _drawn(darkness=1.0).mean() < _drawn(darkness=0.0).mean() - 5
    red, pale = _drawn(redness=1.0).mean(axis=(0, 1, 2)), _drawn(redness=0.0).mean(axis=(0, 1, 2))
    assert red[0] - red[1] > pale[0] - pale[1] + 10


def test_radius_grows_the_lesion() -> None:
    assert _lesion(_drawn(radius=0.6)).mean() > 2 * _lesion(_drawn(radius=0.3)).mean()


def test_irregular_border_lengthens_the_contour_for_its_area() -> None:
    def compactness(border: float) -> float:
        mask = _lesion(_drawn(border=border, asymmetry=0.0, abruptness=1.0, colors=1, network=0.0, radius=0.5))
        edges = (mask[:, 1:] != mask[:, :-1]).sum(axis=(1, 2)) + (mask[:, :, 1:] != mask[:, :, :-1]).sum(axis=(1, 2))
        return float(np.median(edges / np.sqrt(mask.sum(axis=(1, 2)))))

    assert compactness(1.0) > 1.2 * compactness(0.0)


def test_asymmetric_lesion_differs_from_its_half_turn() -> None:
    def difference(asymmetry: float) -> float:
        still = {"shift_x": 0.0, "shift_y": 0.0, "border": 0.0, "colors": 1, "globules": 0, "network": 0.0}
        images = _drawn(asymmetry=asymmetry, **still)
        return float(np.abs(images - images[:, ::-1, ::-1]).mean())

    assert difference(1.0) > 1.5 * difference(0.0)


def test_more_colors_spread_the_colors() -> None:
    assert _drawn(colors=6).std(axis=(1, 2)).mean() > _drawn(colors=1).std(axis=(1, 2)).mean()


def test_network_globules_and_hairs_leave_a_mark() -> None:
    for name, most in (("network", 1.0), ("globules", 14), ("hairs", 6)):
        assert np.abs(_drawn(**{name: most}) - _drawn(**{name: 0.0})).mean() > 0.5, name
