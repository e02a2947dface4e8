import numpy as np
import pytest

from nevus.pixels import RowPixels, crop, in_views, view_rows

PIXELS = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
ROWS = np.array([7, 0, 3, 3, 8])
INDICES = [
    2,
    -1,
    np.int64(1),
    slice(None),
    slice(1, 4),
    slice(None, None, -2),
    slice(4, 2),
    [0, 3, -1],
    [],
    np.array([4, 4, 0]),
    np.array([True, False, True, False, True]),
    [True, False, False, False, False],
    (slice(None), 0, 0, 0),
    (slice(1, 3), slice(1, 3), slice(0, 2)),
    (np.array([2, 0]), slice(1, 3)),
    (2, slice(1, 3), 1),
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_it_is_indexed_like_the_rows_themselves(index):
    found = view_rows(PIXELS, ROWS)[index]
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PIXELS[ROWS][index])


def test_it_says_what_an_array_would_say_of_itself():
    view, array = view_rows(PIXELS, ROWS), PIXELS[ROWS]
    assert (len(view), view.shape, view.ndim, view.dtype) == (len(array), array.shape, array.ndim, array.dtype)
    np.testing.assert_array_equal(np.array(view), array)
    np.testing.assert_array_equal(np.asarray(view, dtype=np.float32), array.astype(np.float32))
    np.testing.assert_array_equal(np.stack(list(view)), array)
    with pytest.raises(ValueError, match="copy"):
        np.array(view, copy=False)


@pytest.mark.parametrize(
    "index", [5, [0, 5], ..., None, (..., 0), (slice(None), [0, 1]), (slice(None), ..., 0)], ids=str
)
def test_what_it_cannot_do_is_refused(index):
    with pytest.raises(IndexError):
        view_rows(PIXELS, ROWS)[index]


def test_it_cannot_be_written_to():
    with pytest.raises(TypeError):
        view_rows(PIXELS, ROWS)[0] = 0


def test_rows_that_follow_one_another_are_a_slice():
    view = view_rows(PIXELS, np.arange(2, 6))
    assert isinstance(view, np.ndarray)
    assert np.shares_memory(view, PIXELS)


def test_a_view_of_a_view_looks_at_the_same_array():
    scattered = view_rows(PIXELS, ROWS)
    part = view_rows(scattered, np.array([4, 0]))
    assert isinstance(part, RowPixels)
    assert part.source is PIXELS
    np.testing.assert_array_equal(part[:], PIXELS[[8, 7]])
    whole = view_rows(view_rows(PIXELS, np.array([8, 2, 3])), np.array([1, 2]))
    assert np.shares_memory(whole, PIXELS)
    np.testing.assert_array_equal(whole, PIXELS[2:4])


def test_a_part_of_each_image_is_a_view_too():
    part = crop(view_rows(PIXELS, ROWS), slice(1, 3), slice(0, 4))
    assert isinstance(part, RowPixels)
    assert np.shares_memory(part.source, PIXELS)
    np.testing.assert_array_equal(part, PIXELS[ROWS, 1:3, :4])
    assert np.shares_memory(crop(PIXELS, slice(1, 3), slice(0, 4)), PIXELS)


def test_no_rows_are_an_empty_view():
    assert view_rows(PIXELS, np.array([], dtype=np.int64))[:].shape == (0, 4, 5, 3)


def test_only_what_is_indexed_is_read():
    class Watched:
        shape, dtype, read = PIXELS.shape, PIXELS.dtype, 0

        def __getitem__(self, index):
            found = PIXELS[index]
            self.read += 0 if isinstance(index, tuple) else found.nbytes
            return found

    watched = Watched()
    view = view_rows(watched, np.arange(9))  # no array: even rows that follow one another are not sliced
    view = view_rows(view, np.arange(1, 9))
    assert watched.read == 0
    np.testing.assert_array_equal(view[[0, 7]], PIXELS[[1, 8]])
    assert watched.read == PIXELS[:2].nbytes


def test_views_are_the_symmetries_in_which_a_network_sees_an_image():
    import torch

    from nevus.training.prediction import symmetries

    image = PIXELS[:1, :, :4]
    planes = torch.from_numpy(image).permute(0, 3, 1, 2)
    expected = torch.cat(symmetries(planes)).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(in_views(np.repeat(image, 8, axis=0), np.arange(8)), expected)
    assert in_views(PIXELS[:0, :, :4], np.arange(0)).shape == (0, 4, 4, 3)
