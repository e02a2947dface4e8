import numpy as np
from PIL import Image
from scipy.fft import dctn

from nevus.corpus.phash import phash


def _bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_hash_equals_that_of_the_imagehash_package() -> None:
    y, x = np.mgrid[:32, :32]
    pixels = np.stack([(x * 7 + y * y) % 256, (x * y) % 256, (x * x * 3 + y) % 256], axis=-1).astype(np.uint8)
    assert phash(pixels[None]) == ["813f39276c5b5295"]  # str(imagehash.phash(Image.fromarray(pixels)))


def test_bits_are_the_low_frequencies_above_their_median() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    low = dctn(grey.astype(float))[:8, :8]
    want = "".join("1" if value > np.median(low) else "0" for value in low.ravel())
    assert phash(np.repeat(grey[None, :, :, None], 3, axis=3)) == [f"{int(want, 2):016x}"]


def test_look_alikes_differ_in_few_bits_and_others_in_many() -> None:
    rng = np.random.default_rng(0)
    noise = (Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)) for _ in range(2))
    large, other = (np.asarray(image.resize((192, 256), Image.Resampling.BICUBIC)) for image in noise)
    small = large[::2, ::2]
    brighter = (large * 0.9 + 20).astype(np.uint8)
    first, halved, bright, different = (phash(image[None])[0] for image in (large, small, brighter, other))
    assert max(_bits(first, halved), _bits(first, bright)) <= 6
    assert _bits(first, different) >= 12


def test_flat_images_have_one_hash() -> None:
    assert phash(np.full((1, 32, 32, 3), 7, np.uint8)) == phash(np.full((1, 64, 64, 3), 200, np.uint8))


def test_batch_gives_what_single_images_give() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1030, 32, 32, 3), dtype=np.uint8)
    hashes = phash(pixels)
    assert len(set(hashes)) == 1030
    assert hashes[1028] == phash(pixels[1028:1029])[0]
    assert phash(pixels[:0]) == []
