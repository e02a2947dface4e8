"""JPEGs of one size in one call, in threads. Imports torch, so import this only where there is such a batch."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg

from nevus.contracts import Pixels
from nevus.corpus.jpeg import JpegSize
from nevus.corpus.processors import processors

FILES_A_THREAD = 32  # 0.5 ms of decoding; handing it over takes a tenth of that


def decode_alike(files: Sequence[bytes], size: JpegSize) -> tuple[Pixels, list[int]]:
    """Decode plain JPEGs of one size.

    libjpeg's source manager in torchvision refuses a file that ends before its image does, so a truncated file is bad;
    so is one that turns out to have another size than its header was read to say.

    Args:
        files: At least one encoded file; all are in memory together, so they should be small.
        size: Of every image.

    Returns:
        (n, height, width, 3) uint8, the good files in their order, and their n positions among the files.
    """
    parts = max(1, min(processors(), len(files) // FILES_A_THREAD))
    bounds = [len(files) * part // parts for part in range(parts + 1)]
    elsewhere = [_threads().submit(_decode_part, files, *ends) for ends in pairwise(bounds[1:])]
    with _alone():
        done = _decode_part(files, *bounds[:2])
    done += [piece for part in elsewhere for piece in part.result()]
    shape = (size.height, size.width, 3)
    kept = [(found, positions) for found, positions in done if found is not None and found.shape[1:] == shape]
    good = [position for _, positions in kept for position in positions]
    return (torch.cat([found for found, _ in kept]).numpy() if kept else np.empty((0, *shape), np.uint8)), good


@cache
def _threads() -> ThreadPoolExecutor:
    """Kept, since a chunk takes milliseconds; a forked process, to which threads do not pass on, makes its own."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_threads.cache_clear)
    return ThreadPoolExecutor(max(1, processors() - 1), "decode", initializer=torch.set_num_threads, initargs=(1,))


@contextmanager
def _alone() -> Iterator[None]:
    """This thread is one of ours: were torch to split its copies over threads of its own, all would wait for all."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _decode_part(files: Sequence[bytes], start: int, end: int) -> list[tuple[Tensor | None, range]]:
    """Pieces of files[start:end], each with its positions; None for a bad file."""
    together = torch.frombuffer(bytearray(b"".join(files[start:end])), dtype=torch.uint8)
    return _decode_or_halve(list(torch.split(together, [len(data) for data in files[start:end]])), start)


def _decode_or_halve(encoded: list[Tensor], start: int) -> list[tuple[Tensor | None, range]]:
    # one bad file fails the whole list; halving finds it in a few calls instead of one call a file
    positions = range(start, start + len(encoded))
    try:
        return [(_without_python()(encoded), positions)]
    except RuntimeError:
        if len(encoded) == 1:
            return [(None, positions)]
        middle = len(encoded) // 2
        return _decode_or_halve(encoded[:middle], start) + _decode_or_halve(encoded[middle:], start + middle)


def _decode_list(encoded: list[Tensor]) -> Tensor:
    images: list[Tensor] = []
    for data in encoded:
        image = decode_jpeg(data, ImageReadMode.RGB)
        assert isinstance(image, Tensor)  # a list for a list; the compiler wants to know
        images.append(image.permute(1, 2, 0))
    return torch.stack(images)


@cache
def _without_python() -> Callable[[list[Tensor]], Tensor]:
    """The loop compiled, so that it runs without Python's lock and two threads are twice as fast as one.

    torch.jit is deprecated and may be missing from a future PyTorch or break on a future Python, and nothing else there
    loops over a list without the lock. The plain loop gives the same pixels at half the speed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compiled: Callable[[list[Tensor]], Tensor] = torch.jit.script(_decode_list)
        except Exception:
            return _decode_list
    return compiled
