"""What a model takes: images of any size and kind, decoded and resized as packing does it."""

import base64
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nevus.contracts import Listing, Pixels
from nevus.corpus.pack import recipe
from nevus.pipelines.inference.images import ImagesError, Intake, chunks_of, take
from tests.fakes import FakeSource, encode, fake_jpeg, fake_pixels

INTAKE = Intake(16, "squash", 50_000)


def turned(pixels: Pixels, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(pixels, exif=exif)


FILES = {
    "small.jpg": fake_jpeg(0, 9, 12),
    "same.jpg": fake_jpeg(1, 16, 16),
    "large.jpg": fake_jpeg(2, 150, 200),
    "small.png": encode(fake_pixels(3, 9, 12), "PNG"),
    "large.png": encode(fake_pixels(4, 150, 200), "PNG"),
    "grey.jpg": encode(fake_pixels(5, 40, 50)[..., 0]),
    "grey.png": encode(fake_pixels(6, 40, 50)[..., 0], "PNG"),
    "transparent.png": encode(np.dstack([fake_pixels(7, 40, 50), fake_pixels(8, 40, 50)[..., :1]]), "PNG"),
    "turned.jpg": turned(fake_pixels(9, 40, 50), 6),
}


def packed(resize: str) -> Pixels:
    rows = [(name, name, "labeled", number % 2, "fake") for number, name in enumerate(FILES)]
    records = pd.DataFrame(rows, columns=["file", "image_id", "split", "label", "source"])
    listing = Listing(records, pd.DataFrame(columns=["file", "reason"]), FakeSource(FILES))
    limits = {"chunk": 4, "workers": 0, "max_pixels": INTAKE.max_pixels, "max_quarantined_share": 0.0}
    made = recipe(listing, size=INTAKE.size, resize=resize, **limits)
    return np.concatenate([pixels for pixels, _, _ in made.chunks()])


def taken(given, intake: Intake = INTAKE) -> Pixels:
    return np.concatenate(list(chunks_of(given, intake)))


def test_a_model_packs_as_its_training_did():
    record = {"parameters": {"ingestion": {"size": 16, "resize": "pad", "max_pixels": 99}}}
    assert Intake.of({"size": 16}, record) == (16, "pad", 99)
    assert Intake.of({"size": 32}, {}) == (32, "squash", 50_000_000)  # saved before there were records


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
def test_files_become_the_pixels_that_packing_makes_of_them(resize):
    found = taken(list(FILES.values()), INTAKE._replace(resize=resize))
    np.testing.assert_array_equal(found, packed(resize))


def test_bytes_texts_columns_and_arrays_are_the_same_images():
    files = list(FILES.values())
    texts = [base64.b64encode(data).decode() for data in files]
    urls = [f"data:image/jpeg;base64,{text}" for text in texts]
    lines = [base64.encodebytes(data).decode() for data in files]  # as the program base64 writes them
    expected = taken(files)
    arrays = [pd.Series(files), np.array(files, dtype=object), np.array(texts)]  # the last is what the server makes
    tables = [pd.DataFrame({"image": texts}), pd.DataFrame({"any": files}), {"image": texts}]
    for given in (tuple(files), texts, urls, lines, *arrays, *tables, [*files[:4], *texts[4:]]):
        np.testing.assert_array_equal(taken(given), expected)


def test_arrays_are_resized_each_by_itself_or_as_a_stack():
    images = [fake_pixels(seed, 10 + seed, 30) for seed in range(3)]
    expected = taken([encode(image, "PNG") for image in images])
    np.testing.assert_array_equal(taken(images), expected)
    stack = np.stack([fake_pixels(seed, 20, 24) for seed in range(3)])
    np.testing.assert_array_equal(taken(stack), taken(list(stack)))
    np.testing.assert_array_equal(taken(stack.astype(np.int64)), taken(stack))  # whole numbers in JSON
    np.testing.assert_array_equal(taken(expected), expected)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((2, 16, 16, 3), np.float32), r"shape \(2, 16, 16, 3\) and type float32 is no stack of images"),
        (np.full((2, 16, 16, 3), 256), "an array with values from 256 to 256"),
        (np.zeros((2, 3, 16, 16), np.uint8), r"\(2, 3, 16, 16\) \(channels first\?\)"),
        (np.zeros((16, 16, 3), np.uint8), r"shape \(16, 16, 3\) and type uint8 is no stack of images"),
        (np.zeros((0, 16, 16, 3), np.uint8), "no image was given"),
        ([], "no image was given"),
        ("text", "a value of type str holds no images"),
        (None, "a value of type NoneType holds no images"),
        (pd.DataFrame({"image": ["a"], "age": [3]}), "one column, that of the images, but was given image, age"),
        ([np.zeros((16, 16), np.uint8)], r"1 of 1 images cannot be read \(row 0: an array of shape \(16, 16\) and"),
        ([[1, 2]], "row 0: a value of type list is no image"),
        (["not base64!"], "row 0: text that is not base64"),
        (["größe"], "row 0: text that is not base64"),
        ([b""], "row 0: file is empty"),
        ([encode(fake_pixels(0, 300, 200))], "row 0: more pixels than"),
    ],
)
def test_what_is_unfit_is_refused_in_one_sentence(given, said):
    with pytest.raises(ImagesError, match=said) as caught:
        taken(given)
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)


def test_corrupt_images_among_good_ones_are_named_by_their_rows_whatever_their_chunk():
    files = [fake_jpeg(seed, 20, 20) for seed in range(200)]
    for row in (3, 70, 71, 199):
        files[row] = files[row][:100]
    with pytest.raises(
        ImagesError, match=r"^4 of 200 images cannot be read \(row 3: .*; row 70: .*; row 71: .*; and 1"
    ):
        taken(files)


def test_good_images_keep_their_order_around_those_that_cannot_be_read():
    files = list(FILES.values())
    found, errors = take([files[0], b"x", fake_pixels(1), files[2]], INTAKE)
    assert list(errors) == [1]
    np.testing.assert_array_equal(found, taken([files[0], fake_pixels(1), files[2]]))


def test_memory_does_not_grow_with_the_number_of_images():
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in chunks_of([FILES["large.jpg"]] * count, INTAKE._replace(size=64)):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(64)  # loads what it needs
    assert peak(640) < 1.2 * peak(192)
