import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nevus.contracts import CorpusError, SourceError
from nevus.corpus import parallel
from nevus.corpus.chunks import Chunk, Task
from nevus.corpus.parallel import decode_chunks
from nevus.io.raw_files import ZipSource
from tests.failing_calls import environment
from tests.fakes import FakeSource, encode, fake_jpeg, fake_pixels, write_folder, write_zip

TASK = Task(size=8, resize="squash", max_pixels=10**6)


@dataclass
class Refusing(FakeSource):
    """One file cannot be read."""

    refused: str = ""

    def read(self, names: Sequence[str]) -> list[bytes]:
        if self.refused in names:
            raise SourceError("bad checksum")
        return super().read(names)


@dataclass
class Raising(FakeSource):
    """Reading raises."""

    error: Exception = field(default_factory=ValueError)

    def read(self, names: Sequence[str]) -> list[bytes]:
        raise self.error


class Deadly(FakeSource):
    """Reading ends the process, as a decoder with a bad pointer would."""

    def read(self, names: Sequence[str]) -> list[bytes]:
        os._exit(3)


class Hanging(FakeSource):
    """Reading does not come back, as from a disk that does not answer."""

    def read(self, names: Sequence[str]) -> list[bytes]:
        if "b" in names:
            time.sleep(600)
        return super().read(names)


def _files(kind: str = "PNG") -> dict[str, bytes]:
    """For small plain JPEGs a worker has to import torch, which takes seconds: few tests need that."""
    files = {f"{seed:02}.jpg": encode(fake_pixels(seed, 8 + seed, 30), kind) for seed in range(21)}
    return files | {"05.jpg": b"", "09.jpg": encode(fake_pixels(9, 200, 300), "PNG"), "20.jpg": fake_jpeg(20, 300, 200)}


def _all(chunks: "list[Chunk]") -> tuple[Any, ...]:
    pixels = np.concatenate([chunk.pixels for chunk in chunks])
    rows = [row for chunk in chunks for row in zip(chunk.widths, chunk.heights, chunk.sha256, chunk.phash, strict=True)]
    return pixels, rows, [reason for chunk in chunks for reason in chunk.errors.values()]


@pytest.mark.parametrize("kind", ["zip", "memory"])
def test_number_of_workers_changes_nothing(kind: str, tmp_path: Path) -> None:
    files = _files("PNG" if kind == "memory" else "JPEG")
    archive = write_zip(tmp_path / "a.zip", files)
    source = ZipSource(archive) if kind == "zip" else Refusing(files, refused="07.jpg")
    alone = list(decode_chunks(source, list(files), TASK, chunk=4, workers=0))
    spread = list(decode_chunks(source, list(files), TASK, chunk=4, workers=2))
    assert len(alone) == len(spread) == 6
    for want, got in zip(_all(alone), _all(spread), strict=True):
        np.testing.assert_equal(got, want)
    reasons = ["file is empty"] + ["cannot be read from the source: bad checksum"] * (kind == "memory")
    assert _all(alone)[2] == reasons


@pytest.mark.parametrize("workers", [0, 2, None])
def test_no_files_are_one_empty_chunk(workers: int | None) -> None:
    (chunk,) = decode_chunks(FakeSource({}), [], TASK, chunk=4, workers=workers)
    assert (chunk.pixels.shape, chunk.good, chunk.errors) == ((0, 8, 8, 3), [], {})


@pytest.mark.parametrize("workers", [0, 2])
def test_error_in_a_worker_is_that_of_the_source(workers: int) -> None:
    with pytest.raises(ValueError, match="odd"):
        list(decode_chunks(Raising({}, error=ValueError("odd")), ["a"], TASK, chunk=1, workers=workers))


@pytest.mark.parametrize("workers", [0, 2])
def test_lack_of_memory_says_what_to_lower(workers: int) -> None:
    with pytest.raises(CorpusError, match=r"ingestion\.workers, ingestion\.chunk or ingestion\.max_pixels"):
        list(decode_chunks(Raising({}, error=MemoryError()), ["a"], TASK, chunk=1, workers=workers))


def test_death_of_a_worker_is_an_error_that_names_the_files() -> None:
    with pytest.raises(CorpusError, match=r"'a\.jpg' to 'b\.jpg'(.|\n)*ingestion\.workers: 0"):
        list(decode_chunks(Deadly({}), ["a.jpg", "b.jpg", "c.jpg"], TASK, chunk=2, workers=1))


def test_chunks_in_flight_are_few_whatever_the_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[int] = []

    class Counting(parallel.ProcessPoolExecutor):
        def submit(self, *args: Any, **options: Any) -> Any:
            submitted.append(1)
            return super().submit(*args, **options)

    monkeypatch.setattr(parallel, "ProcessPoolExecutor", Counting)
    files = list(_files()) * 5
    chunks = decode_chunks(FakeSource(_files()), files, TASK, chunk=2, workers=2)
    for taken, _ in enumerate(chunks, start=1):
        assert len(submitted) - taken <= 2 + 1
        if taken == 10:
            break
    chunks.close()
    assert len(submitted) <= 10 + 3


def test_chunks_between_processes_have_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(parallel, "CHUNK_BYTES", 5 * 8 * 8 * 3)
    monkeypatch.setattr(parallel, "_in_processes", lambda source, parts, *rest: sent.extend(map(len, parts)) or ())
    list(decode_chunks(FakeSource({}), ["a"] * 12, TASK, chunk=99, workers=1))
    assert sent == [5, 5, 2]


def test_small_sets_need_no_workers_and_large_ones_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(parallel, "_in_processes", lambda source, parts, task, workers: asked.append(workers) or ())
    monkeypatch.setattr(parallel, "processors", lambda: 3)
    source = FakeSource({"a": fake_jpeg(0)})
    list(decode_chunks(source, ["a"] * 100, TASK, chunk=50, workers=None))
    assert asked == []
    monkeypatch.setattr(parallel, "ENOUGH_BYTES", 100 * len(source.files["a"]))
    source.reads.clear()
    list(decode_chunks(source, ["a"] * 100, TASK, chunk=50, workers=None))
    assert asked == [3]
    assert len(source.reads) <= 2 * parallel.SAMPLED
    list(decode_chunks(source, ["a"] * 99, TASK, chunk=50, workers=None))
    monkeypatch.setattr(parallel, "processors", lambda: 1)
    list(decode_chunks(source, ["a"] * 100, TASK, chunk=50, workers=None))
    assert asked == [3]


class _Refused:
    """A pool that the system does not give."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *_: Any) -> Any:
        raise self.error


NO_PROCESSES = [OSError(code, os.strerror(code)) for code in (errno.ENOSYS, errno.EACCES, errno.ENOSPC, errno.EAGAIN)]


@pytest.mark.parametrize("error", [*NO_PROCESSES, NotImplementedError("lacks semaphores")], ids=str)
@pytest.mark.parametrize("place", ["ProcessPoolExecutor", "ProcessPoolExecutor.submit"])
def test_without_semaphores_or_processes_this_one_decodes_alone_and_says_so_once(
    error: Exception, place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(f"nevus.corpus.parallel.{place}", _Refused(error))
    source = FakeSource(_files())
    alone = list(decode_chunks(source, list(source.files), TASK, chunk=4, workers=0))
    assert not caplog.messages
    spread = list(decode_chunks(source, list(source.files), TASK, chunk=4, workers=2))
    np.testing.assert_equal(_all(spread), _all(alone))
    (said,) = caplog.messages
    assert str(error) in said
    assert "ingestion.workers: 0" in said


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EACCES, errno.ENOSPC])
def test_in_a_container_without_semaphores_a_process_decodes_alone(code: int, tmp_path: Path) -> None:
    env = environment(tmp_path, "sem_open", code)
    write_folder(tmp_path / "images", {f"{seed}.png": encode(fake_pixels(seed), "PNG") for seed in range(4)})
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM).replace("100000", "3"))
    command = [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "images")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr  # it has no children
    assert os.strerror(code) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_worker_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CLOSING_SECONDS", 1.0)
    before = set(multiprocessing.active_children())
    chunks = decode_chunks(Hanging(dict.fromkeys("ab", fake_jpeg(0))), ["a", "b"], TASK, chunk=1, workers=1)
    next(chunks)
    time.sleep(0.5)  # so that the worker is at the second file
    started = time.monotonic()
    chunks.close()
    assert time.monotonic() - started < 100  # it would sleep for 600
    assert set(multiprocessing.active_children()) <= before


PROGRAM = """
    import sys
    from pathlib import Path
    from nevus.corpus.chunks import Task
    from nevus.corpus.parallel import decode_chunks
    from nevus.io.raw_files import FolderSource

    if __name__ == "__main__":
        source = FolderSource(Path(sys.argv[1]))
        names = source.names() * 100000
        for number, _ in enumerate(decode_chunks(source, names, Task(8, "squash", 10**6), chunk=2, workers=2)):
            if number == 3:
                import multiprocessing
                print(*(child.pid for child in multiprocessing.active_children()), flush=True)
"""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(os.name != "posix", reason="signals as on a terminal")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_what_started_them(how: signal.Signals, tmp_path: Path) -> None:
    write_folder(tmp_path / "images", {f"{seed}.png": encode(fake_pixels(seed), "PNG") for seed in range(4)})
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    program = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "images")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    workers = [int(pid) for pid in program.stdout.readline().split()]
    assert len(workers) == 2
    if how == signal.SIGINT:
        os.killpg(program.pid, how)  # a terminal sends it to all
        _, messages = program.communicate(timeout=30)
        assert messages.count("KeyboardInterrupt") == 1  # none of the workers has anything to say
    else:
        os.kill(program.pid, how)
    end = time.monotonic() + 30
    while any(map(_alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(_alive, workers))
