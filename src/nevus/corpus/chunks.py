"""Chunks of files: read, decoded and hashed in one process. Imports neither pandas nor, for large images, torch."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from nevus.contracts import Pixels, Source, SourceError
from nevus.corpus.decode import decode
from nevus.corpus.phash import phash
from nevus.corpus.resize import Policy
from nevus.file_contents import recognise
from nevus.quarantine import SetAsideError

READ_BYTES = 1 << 24  # about so much of encoded files is read at once
READ_FIRST = 16  # files that are read at once before their size is known

Result = TypeVar("Result")


@dataclass(frozen=True)
class Task:
    """What to make of each file.

    Attributes:
        size: Height and width, in pixels.
        resize: squash, crop or pad.
        max_pixels: Files with more are refused.
    """

    size: int
    resize: Policy
    max_pixels: int


class Chunk(NamedTuple):
    """Some files, decoded.

    Attributes:
        pixels: (n, size, size, 3) uint8, the good files in their order.
        good: n positions among the files.
        widths: n original widths in pixels, upright.
        heights: Likewise.
        sha256: n hashes of the encoded files.
        phash: n perceptual hashes.
        errors: Position of every other file, and the reason.
    """

    pixels: Pixels
    good: list[int]
    widths: list[int]
    heights: list[int]
    sha256: list[str]
    phash: list[str]
    errors: dict[int, str]


def decode_parts(source: Source, parts: Iterable[Sequence[str]], task: Task) -> Iterator[Chunk]:
    """Read and decode files.

    Args:
        source: Where the files are read.
        parts: Their names, part by part.
        task: What to make of them.

    Yields:
        One chunk a part, in order; empty ones for empty parts.
    """
    nothing = np.empty((0, task.size, task.size, 3), dtype=np.uint8)
    chunk, pixels = Chunk(nothing, [], [], [], [], [], {}), [nothing]
    for contents, failed, is_last in _read_ahead(source, parts):
        pixels.append(_decode_some(contents, failed, task, chunk))
        if is_last:
            together = np.concatenate(pixels)
            yield chunk._replace(pixels=together, phash=phash(together))
            chunk, pixels = Chunk(nothing, [], [], [], [], [], {}), [nothing]


def _decode_some(contents: list[bytes], failed: dict[int, str], task: Task, chunk: Chunk) -> Pixels:
    """Note the next files in the chunk, and return their pixels."""
    start = len(chunk.good) + len(chunk.errors)
    read = [position for position in range(len(contents)) if position not in failed]
    found = decode([contents[position] for position in read], task.size, max_pixels=task.max_pixels, resize=task.resize)
    failed |= {read[index]: reason for index, reason in found.errors.items()}
    good = [read[index] for index in found.indices]
    chunk.good.extend(start + position for position in good)
    chunk.widths.extend(found.widths.tolist())
    chunk.heights.extend(found.heights.tolist())
    chunk.sha256.extend(hashlib.sha256(contents[position]).hexdigest() for position in good)
    chunk.errors.update({start + position: reason for position, reason in sorted(failed.items())})
    return found.pixels


def _read_ahead(source: Source, parts: Iterable[Sequence[str]]) -> Iterator[tuple[list[bytes], dict[int, str], bool]]:
    """What `read` gives for one part after the other, and whether the part ends; large files come in several groups.

    While one group is decoded, a thread reads the next: disks and networks wait, and unpacking leaves a processor idle.
    """
    before: tuple[Future[tuple[list[bytes], dict[int, str]]], bool] | None = None
    count = READ_FIRST
    for part in parts:
        start, is_last = 0, False
        while not is_last:
            waiting = before
            if waiting is not None:
                contents, failed = waiting[0].result()
                count = max(1, READ_BYTES * len(contents) // max(1, sum(map(len, contents))))
            end = start + count
            before, is_last = (_begin(read, source, part[start:end]), end >= len(part)), end >= len(part)
            start = end
            if waiting is not None:
                yield contents, failed, waiting[1]
    if before is not None:
        yield *before[0].result(), before[1]


def _begin(read: Callable[..., Result], *args: object) -> Future[Result]:
    """Run a function in a thread that nobody waits for at the end: a disk or network that hangs must not hold it up."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(read(*args))
        except BaseException as error:  # raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="read", daemon=True).start()
    return future


def refuse_stand_ins(source: Source, files: Sequence[str]) -> None:
    """Look at a few files before all are read, as a clone without its large files holds thousands of pointers.

    Args:
        source: Where the files are read.
        files: Names of all of them; 16 at even distances are looked at.

    Raises:
        SourceError: None of these is an image, and all are of one kind that `recognise` knows.
    """
    some = [files[i * len(files) // READ_FIRST] for i in range(READ_FIRST)] if len(files) > READ_FIRST else files
    contents, failed = read(source, some)
    kinds = {recognise(content) for position, content in enumerate(contents) if position not in failed}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is not None:
        raise SourceError(
            f"None of {len(some)} files at even distances among {len(files):,} can be used, such as '{some[0]}': "
            f"{kind.said}. {kind.advice}"
        )


def read(source: Source, files: Sequence[str]) -> tuple[list[bytes], dict[int, str]]:
    """Read files, each on its own where the source refuses them together.

    Returns:
        Contents by position, and the reasons for those that the source cannot give (whose content is empty).
    """
    try:
        return (source.read(files) if files else []), {}
    except SourceError:  # one damaged member fails the whole call
        contents, failed = [b""] * len(files), {}
    for position, file in enumerate(files):
        try:
            contents[position] = source.read([file])[0]
        except SetAsideError as error:
            failed[position] = error.reason
        except SourceError as error:
            failed[position] = f"cannot be read from the source: {error}"
    return contents, failed
