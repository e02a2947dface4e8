import errno
import json
import os
import subprocess
import sys
import textwrap
import time

import pytest

from nevus import locks
from nevus.locks import BusyError, Lock, await_lent, lend
from tests.failing_calls import environment

HOLD = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from nevus.locks import Lock
    lock = Lock(Path(sys.argv[1]))
    lock.acquire(seconds=0, what="it", remedy="")
    print("held", flush=True)
    sys.stdin.read()
    """
)


@pytest.fixture(autouse=True)
def _no_warning_yet(monkeypatch):
    monkeypatch.setattr(locks, "_WARNED_OF", set())


@pytest.fixture
def other_process(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_lock_held_elsewhere_is_refused_with_its_holder_and_what_to_do(tmp_path, other_process):
    with pytest.raises(BusyError) as caught:
        Lock(tmp_path / "lock").acquire(seconds=0.1, what="The run ssgan/seed0", remedy="Wait for it.")
    message = str(caught.value)
    assert f"process {other_process.pid}" in message
    assert "The run ssgan/seed0" in message
    assert "Wait for it." in message
    assert str(tmp_path / "lock") in message


def test_a_killed_process_holds_nothing(tmp_path, other_process):
    other_process.kill()
    other_process.wait()
    lock = Lock(tmp_path / "lock")
    lock.acquire(seconds=5, what="it", remedy="")
    assert json.loads((tmp_path / "lock.json").read_text())["pid"]
    lock.release()
    assert not (tmp_path / "lock.json").exists()


def test_who_waits_says_once_for_whom_and_since_when(tmp_path, other_process, caplog):
    with pytest.raises(BusyError):
        Lock(tmp_path / "lock").acquire(seconds=1.5, what="The corpus", remedy="")
    (said,) = caplog.messages
    assert f"The corpus is in use by process {other_process.pid}" in said
    assert "since 2" in said
    assert "at most 2 s" in said
    assert str(tmp_path / "lock") in said


@pytest.mark.skipif(os.name != "posix", reason="flock")
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EIO])
def test_where_there_are_no_locks_the_run_goes_on_with_one_warning(tmp_path, monkeypatch, caplog, code):
    def refuse(descriptor, operation):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    (tmp_path / "one").write_text("4194305\nanother machine\n")  # as a run leaves it that was killed there
    for name in ("one", "two"):
        with Lock(tmp_path / name).held(seconds=600, what="It", remedy=""):
            assert not (tmp_path / f"{name}.json").exists()
    (said,) = caplog.messages
    assert os.strerror(code) in said
    assert str(tmp_path) in said
    assert "Start no second run" in said


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_the_system_without_locks_lets_a_process_go_on(tmp_path, code):
    (tmp_path / "lock").write_text("4194305\nanother machine\n")
    env = environment(tmp_path, "flock", code)
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=20, check=True, input="")
    assert done.stdout == "held\n"
    assert done.stderr.count("Nothing can be locked") == 1


def test_a_folder_that_takes_no_files_is_told_by_who_writes_there(tmp_path, caplog):
    (tmp_path / "file").touch(0o444)
    Lock(tmp_path / "file" / "folder" / "lock").acquire(seconds=600, what="It", remedy="")
    assert not caplog.messages


def test_a_full_disk_costs_the_holders_name_only(tmp_path, monkeypatch):
    def refuse(self, *args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    with (
        Lock(tmp_path / "lock").held(seconds=0, what="It", remedy=""),
        pytest.raises(BusyError, match="It is in use by another process"),
    ):
        Lock(tmp_path / "lock").acquire(seconds=0, what="It", remedy="")


def test_a_holder_that_says_nothing_is_another_process(tmp_path):
    (tmp_path / "lock.json").write_text("{}")
    assert Lock(tmp_path / "lock").holder() == "another process"


def test_a_file_lent_to_a_process_is_waited_for_until_that_has_ended(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as file:
        lend(file)
        process = subprocess.Popen([sys.executable, "-c", "print(1, flush=True); input()"], stdin=-1, stdout=file)
    began = time.monotonic()
    await_lent(path, 0.3)
    assert time.monotonic() - began >= 0.3
    process.communicate(b"\n")
    began = time.monotonic()
    await_lent(path, 30)
    assert time.monotonic() - began < 5
    assert path.read_bytes() == b"1\n"


def test_nobody_waits_for_a_file_that_is_not_there(tmp_path):
    began = time.monotonic()
    await_lent(tmp_path / "log", 30)
    assert time.monotonic() - began < 5
