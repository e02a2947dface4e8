import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nevus.contracts import SourceError
from nevus.corpus import chunks
from nevus.corpus.chunks import Task, decode_parts
from nevus.io.raw_files import FolderSource
from nevus.quarantine import LOST_LINK, SetAsideError
from tests.fakes import FakeSource, encode, fake_pixels

TASK = Task(size=8, resize="squash", max_pixels=10**6)
FILES = {f"{seed:02}.png": encode(fake_pixels(seed), "PNG") for seed in range(21)} | {"05.png": b""}


@pytest.mark.parametrize("read_bytes", [1, 3000, 10**9])
def test_groups_in_which_files_are_read_change_nothing(read_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "READ_BYTES", read_bytes)
    monkeypatch.setattr(chunks, "READ_FIRST", 2)
    names = list(FILES)
    first, second = decode_parts(FakeSource(FILES), [names[:15], names[15:]], TASK)
    assert first.errors == {5: "file is empty"}
    assert first.good == [position for position in range(15) if position != 5]
    assert second.good == list(range(6))


@pytest.mark.parametrize("length", [10, 1000])
def test_large_files_are_read_a_few_at_once(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "READ_BYTES", 10_000)
    calls: list[int] = []
    source = FakeSource({"a": bytes(length)})
    monkeypatch.setattr(source, "read", lambda names: calls.append(len(names)) or [bytes(length) for _ in names])
    list(decode_parts(source, [["a"] * 200, ["a"] * 100], TASK))
    assert sum(calls) == 300
    assert calls[0] == chunks.READ_FIRST  # before the first sizes are known
    assert max(calls[1:]) <= 10_000 // length


def test_disk_that_hangs_is_not_waited_for_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "READ_FIRST", 1)
    hangs, answer = threading.Event(), threading.Event()

    class Hanging(FakeSource):
        def read(self, names: Sequence[str]) -> list[bytes]:
            if "01.png" in names:
                hangs.set()
                answer.wait(60)
            return super().read(names)

    chunk = decode_parts(Hanging(FILES), [["00.png"], ["01.png"]], TASK)
    next(chunk)
    assert hangs.wait(60)
    (reader,) = (thread for thread in threading.enumerate() if thread.name == "read")
    started = time.monotonic()
    chunk.close()
    assert time.monotonic() - started < 30
    assert reader.is_alive()
    assert reader.daemon  # so that the interpreter does not wait for it either
    answer.set()


def test_file_that_the_source_cannot_give_fails_alone() -> None:
    class Damaged(FakeSource):
        def read(self, names: Sequence[str]) -> list[bytes]:
            if "07.png" in names:
                raise SourceError("bad checksum")
            return super().read(names)

    (chunk,) = decode_parts(Damaged(FILES), [list(FILES)], TASK)
    assert chunk.errors == {5: "file is empty", 7: "cannot be read from the source: bad checksum"}
    assert len(chunk.good) == len(chunk.pixels) == len(chunk.sha256) == len(chunk.phash) == 19


def test_reason_of_a_known_kind_is_kept_as_the_source_gives_it() -> None:
    class Lost(FakeSource):
        def read(self, names: Sequence[str]) -> list[bytes]:
            raise SetAsideError(LOST_LINK, ", ".join(names))

    (chunk,) = decode_parts(Lost(FILES), [["00.png"]], TASK)
    assert chunk.errors == {0: "link that leads nowhere: 00.png"}


def test_empty_parts_give_empty_chunks() -> None:
    empty, full, last = decode_parts(FakeSource(FILES), [[], ["00.png"], []], TASK)
    assert len(empty.pixels) == len(last.pixels) == 0
    np.testing.assert_array_equal(full.pixels[0], fake_pixels(0))


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize("count", [1, 5, 100])
def test_a_source_of_pointers_is_refused_after_a_few_of_them(count: int) -> None:
    source = FakeSource({f"{number}.jpg": POINTER for number in range(count)})
    with pytest.raises(SourceError, match=r"Git LFS pointer.*git lfs pull"):
        chunks.refuse_stand_ins(source, source.names())
    assert len(source.reads) <= chunks.READ_FIRST


@pytest.mark.parametrize("other", [FILES["00.png"], b"<!doctype html>", b"text"])
def test_where_not_all_are_of_one_kind_each_file_is_judged_for_itself(other: bytes) -> None:
    source = FakeSource({"0.jpg": POINTER, "1.jpg": POINTER, "2.jpg": other})
    chunks.refuse_stand_ins(source, source.names())
    (chunk,) = decode_parts(source, [source.names()], TASK)
    assert chunk.errors[0] == "Git LFS pointer instead of the file"


def test_files_that_cannot_be_read_say_nothing_of_the_others(tmp_path: Path) -> None:
    chunks.refuse_stand_ins(FolderSource(tmp_path), ["lost.jpg"])
    chunks.refuse_stand_ins(FolderSource(tmp_path), [])
