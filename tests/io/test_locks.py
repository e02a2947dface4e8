import json
import subprocess
import sys
import textwrap

import pytest

from nevus.io.locks import BusyError, Lock

HOLD = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from nevus.io.locks import Lock
    lock = Lock(Path(sys.argv[1]))
    lock.acquire(seconds=0, what="it", remedy="")
    print("held", flush=True)
    sys.stdin.read()
    """
)


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


@pytest.mark.parametrize("error", [OSError(37, "No locks available"), NotImplementedError("flock")])
def test_where_there_are_no_locks_the_run_goes_on_with_a_warning(tmp_path, monkeypatch, caplog, error):
    def refuse(self, *args, **kwargs):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    lock = Lock(tmp_path / "lock")
    lock.acquire(seconds=0, what="The run ssgan/seed0", remedy="")
    lock.release()
    assert "The run ssgan/seed0 cannot be locked" in caplog.text


def test_a_holder_that_says_nothing_is_another_process(tmp_path):
    (tmp_path / "lock.json").write_text("{}")
    assert Lock(tmp_path / "lock").holder() == "another process"
