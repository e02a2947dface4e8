"""Files to pixels, in this process or in several; the result is the same.

This module imports neither pandas nor torch: a worker is there in half a second and takes little memory.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from itertools import islice
from multiprocessing.process import BaseProcess

from nevus.contracts import CorpusError, Source
from nevus.corpus.chunks import Chunk, Task, decode_parts, read
from nevus.corpus.processors import processors

logger = logging.getLogger(__name__)

PARAMETERS = "conf/base/parameters/ingestion.yml"
CHUNK_BYTES = 1 << 23  # pixels held or sent to another process at once, whatever `chunk` says
SAMPLED = 16  # files read to estimate the size of the others
# Starting the workers takes half a second, and so much is decoded by one process in two: less is not worth it.
ENOUGH_BYTES = 1 << 26
CLOSING_SECONDS = 60.0  # a worker that has not finished its chunk by then reads from a disk that does not answer
LARGEST_ON_WINDOWS = 61  # processes that its wait function can wait for


def decode_chunks(
    source: Source, files: Sequence[str], task: Task, *, chunk: int, workers: int | None
) -> Iterator[Chunk]:
    """Read and decode files chunk by chunk, in order.

    At most two chunks more than there are workers exist at a time, however many files there are. When the iterator is
    closed or fails, or the user interrupts it, the workers finish the chunk they are at and end; they are killed where
    that takes longer than `CLOSING_SECONDS`. Where the system gives no processes that can work together, this one works
    alone, with a warning.

    Args:
        source: Where the files are read, by each worker for itself; it must be picklable unless `workers` is 0.
        files: Their names.
        task: What to make of them.
        chunk: Files in a chunk; fewer where their pixels would exceed `CHUNK_BYTES`.
        workers: Processes; 0 works in this one; None takes one a processor, or this one if the files are so small
            that starting others would take longer than it saves.

    Yields:
        Chunks; one that is empty for no files.

    Raises:
        CorpusError: A worker died, or memory ran out.
    """
    if workers is None:
        workers = processors() if processors() > 1 and _is_worth_it(source, files) else 0
    try:
        chunk = max(1, min(chunk, CHUNK_BYTES // (task.size**2 * 3)))
        if workers == 0:
            yield from decode_parts(source, _parts(files, chunk), task)
        else:
            yield from _in_processes(source, list(_parts(files, chunk)), task, workers)
    except MemoryError as error:
        raise CorpusError(
            f"Memory ran out while decoding. Lower ingestion.workers, ingestion.chunk or ingestion.max_pixels "
            f"({task.max_pixels:,} pixels of one image take up to {task.max_pixels * 4 / 1e6:,.0f} MB) in {PARAMETERS}."
        ) from error


def _parts(files: Sequence[str], chunk: int) -> Iterator[Sequence[str]]:
    return (files[start : start + chunk] for start in range(0, max(len(files), 1), chunk))


def _is_worth_it(source: Source, files: Sequence[str]) -> bool:
    sample = files[:: max(1, len(files) // SAMPLED)]
    contents, _ = read(source, sample)
    return bool(files) and sum(map(len, contents)) / len(sample) * len(files) >= ENOUGH_BYTES


def _in_processes(source: Source, parts: list[Sequence[str]], task: Task, workers: int) -> Iterator[Chunk]:
    workers = min(workers, len(parts), LARGEST_ON_WINDOWS if sys.platform == "win32" else workers)
    # forked off a clean process: a copy of this one could inherit a lock that a thread of torch or MLflow holds
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    rest = iter(parts)
    with ExitStack() as closing:
        try:
            pool = ProcessPoolExecutor(workers, multiprocessing.get_context(method), _begin, (source, task))
            closing.callback(_end, pool, multiprocessing.active_children())
            waiting = deque((part, pool.submit(_work, part)) for part in islice(rest, workers + 1))
        except (OSError, NotImplementedError) as error:  # of semaphores or of processes
            _warn_of_no_processes(error)
            yield from decode_parts(source, parts, task)
            return
        while waiting:
            files, future = waiting.popleft()
            yield _result(files, future)
            waiting.extend((part, pool.submit(_work, part)) for part in islice(rest, 1))


def _end(pool: ProcessPoolExecutor, others: list[BaseProcess]) -> None:
    """End the workers, which are all children that are not among the others."""
    closing = threading.Thread(target=pool.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    closing.start()
    closing.join(CLOSING_SECONDS)
    if closing.is_alive():
        for worker in set(multiprocessing.active_children()) - set(others):
            worker.kill()
        closing.join(CLOSING_SECONDS)


def _warn_of_no_processes(error: Exception) -> None:
    logger.warning(
        "Images are decoded in this process only, which takes longer: others cannot be started beside it (%s). In a "
        "container, /dev/shm must be there, be writable and have room. `ingestion.workers: 0` in %s decodes like this "
        "without a warning.",
        error,
        PARAMETERS,
    )


def _result(files: Sequence[str], future: Future[Chunk]) -> Chunk:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise CorpusError(
            f"A process that decodes ended without a word, at or soon after the files from '{files[0]}' to "
            f"'{files[-1]}'. Perhaps memory ran out: lower ingestion.workers or ingestion.chunk in {PARAMETERS}. With "
            "ingestion.workers: 0 everything runs in one process. A script that packs must do so below "
            "`if __name__ == '__main__':`."
        ) from error


_held: tuple[Source, Task] | None = None  # in a worker: given once, since a source may list thousands of names


def _begin(source: Source, task: Task) -> None:
    global _held
    _held = source, task
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the one that waits ends the others
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # a parent that is killed cannot end its workers, who would wait for work for ever
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)


def _work(files: Sequence[str]) -> Chunk:
    if _held is None:
        raise RuntimeError("a worker must be started by _begin")
    source, task = _held
    return next(decode_parts(source, [files], task))
