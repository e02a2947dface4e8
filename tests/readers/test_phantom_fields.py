import numpy as np
import pytest

from nevus.readers.phantom_fields import Array, Frame, spots, strokes, waves

SIDE = 64
AXIS = (np.arange(SIDE, dtype=np.float32) + 0.5) * (2.0 / SIDE) - 1.0


def _frame(count: int, rotation: float = 0.0, zoom: float = 1.0, shift: float = 0.0) -> Frame:
    def column(value: float) -> Array:
        return np.full((count, 1), value, dtype=np.float32)

    return Frame(AXIS, column(rotation), column(zoom), column(shift), column(0.0))


def _numbers(*shape: int) -> Array:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def test_waves_have_mean_zero_and_variance_one() -> None:
    field = waves(_frame(200), _numbers(200, 3, 24), 10.0, 60.0, 0.5)
    assert field.shape == (200, SIDE, SIDE)
    assert field.mean() == pytest.approx(0.0, abs=0.02)
    assert field.var() == pytest.approx(1.0, abs=0.03)


def test_waves_turn_with_the_lesion() -> None:
    straight = waves(_frame(3), _numbers(3, 3, 24), 3.0, 20.0, 0.5)
    turned = waves(_frame(3, rotation=np.pi / 2), _numbers(3, 3, 24), 3.0, 20.0, 0.5)
    np.testing.assert_allclose(turned, np.rot90(straight, k=-1, axes=(1, 2)), atol=1e-3)


def test_waves_move_with_the_lesion() -> None:
    still = waves(_frame(3), _numbers(3, 3, 24), 3.0, 20.0, 0.5)
    moved = waves(_frame(3, shift=0.25), _numbers(3, 3, 24), 3.0, 20.0, 0.5)
    np.testing.assert_allclose(moved[:, :, 8:], still[:, :, :-8], atol=1e-3)


def test_grid_is_the_inverse_of_to_image() -> None:
    frame = _frame(1, rotation=0.7, zoom=1.1, shift=0.2)
    x, y = frame.grid()
    back_x, back_y = frame.to_image(x.reshape(1, -1), y.reshape(1, -1))
    np.testing.assert_allclose(back_x.reshape(SIDE, SIDE), np.broadcast_to(AXIS, (SIDE, SIDE)), atol=1e-5)
    np.testing.assert_allclose(back_y.reshape(SIDE, SIDE), np.broadcast_to(AXIS[:, None], (SIDE, SIDE)), atol=1e-5)


def test_a_spot_is_a_gaussian_around_its_centre() -> None:
    x, y, sigma, weight = (np.array([[value]], dtype=np.float32) for value in (0.3, -0.2, 0.1, 2.0))
    field = spots(AXIS, x, y, sigma, weight)[0]
    expected = 2.0 * np.exp(-((AXIS[None, :] - 0.3) ** 2 + (AXIS[:, None] + 0.2) ** 2) / (2 * 0.1**2))
    np.testing.assert_allclose(field, expected, atol=1e-5)


@pytest.mark.parametrize("side", [64, 90, 256])
def test_many_spots_add_up_at_every_resolution(side: int) -> None:
    axis = (np.arange(side, dtype=np.float32) + 0.5) * (2.0 / side) - 1.0
    x, y = 2.0 * _numbers(2, 1, 150) - 1.0
    sigma, weight = np.full_like(x, 0.05), np.ones_like(x)
    squares = (axis[None, None, :] - x[0, :, None, None]) ** 2 + (axis[None, :, None] - y[0, :, None, None]) ** 2
    expected = np.exp(-squares / (2 * 0.05**2)).sum(axis=0)
    np.testing.assert_allclose(spots(axis, x, y, sigma, weight)[0], expected, rtol=1e-4, atol=1e-4)


def test_only_as_many_strokes_are_drawn_as_asked_for() -> None:
    numbers = np.repeat(_numbers(1, 6, 8), 3, axis=0)
    ink = strokes(AXIS, numbers, np.array([[0], [1], [8]], dtype=np.float32)).sum(axis=(1, 2))
    assert ink[0] == 0.0
    assert 0.0 < ink[1] < ink[2]
