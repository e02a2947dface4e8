"""Commands side by side: each ends, whatever ends the one that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nevus.locks import await_lent
from nevus.sweep.queue import InOrder
from nevus.sweep.workers import Ended, Task, run_all

SLEEPER = (
    "import pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(__import__('os').getpid())); time.sleep(60)"
)
SWEEP = """
import os, signal, sys
from pathlib import Path
from nevus.cli.signals import end_in_order
from nevus.locks import await_lent
from nevus.sweep.queue import InOrder
from nevus.sweep.workers import Task, run_all

folder, code = Path(sys.argv[1]), sys.argv[2]
end_in_order()
signal.signal(signal.SIGINT, signal.default_int_handler)
tasks = [Task(name, [sys.executable, "-c", code, str(folder / name)], folder / f"{name}.log") for name in "ab"]
run_all(InOrder(tasks, print), jobs=2, environment=os.environ)
"""


def run(folder: Path, *codes: str, jobs: int = 1) -> list[Ended]:
    tasks = [Task(str(n), [sys.executable, "-c", code], folder / f"{n}.log") for n, code in enumerate(codes)]
    found: list[Ended] = []
    run_all(InOrder(tasks, found.append), jobs=jobs, environment=os.environ)
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('2026 INFO x'); print('Error: no images\\nPut some there.'); raise SystemExit(1)", "no images"),
        ("raise ValueError('too wide')", "ValueError: too wide"),
        ("raise SystemExit(2)", "it said nothing"),
        ("import os, signal; print('at it', flush=True); os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL: at it"),
    ],
)
def test_a_command_that_fails_stops_no_other_and_its_message_is_one_line(tmp_path, code, message):
    first, second = run(tmp_path, code, "print('fine')")
    assert first.message is not None
    assert first.message.endswith(message)
    assert second.message is None


def test_as_many_run_at_a_time_as_there_are_jobs(tmp_path):
    code = "import time; print(time.time(), flush=True); time.sleep(1.5); print(time.time())"
    run(tmp_path, *[code] * 3, jobs=2)
    spans = [tuple(map(float, (tmp_path / f"{n}.log").read_text().split())) for n in range(3)]
    together = [sum(begin <= at < end for begin, end in spans) for at, _ in spans]
    assert max(together) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end what its parent leaves")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_ends_the_sweep_ends_its_commands(tmp_path, sign):
    sweep = subprocess.Popen([sys.executable, "-c", SWEEP, str(tmp_path), SLEEPER], stderr=subprocess.DEVNULL)
    try:
        files = [tmp_path / "a", tmp_path / "b"]
        assert until(lambda: all(file.is_file() and file.read_text() for file in files))
        pids = [int(file.read_text()) for file in files]
        sweep.send_signal(sign)
        assert sweep.wait(30) != 0
        assert until(lambda: not any(map(lives, pids)))
    finally:
        sweep.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to end what its parent leaves")
def test_what_a_killed_sweep_leaves_is_waited_for_from_its_start(tmp_path):
    """A run that has just started holds no lock of its own; one that is told to end may take its time."""
    slow = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER.replace('60', '4')}"
    sweep = subprocess.Popen([sys.executable, "-c", SWEEP, str(tmp_path), slow], stderr=subprocess.DEVNULL)
    try:
        files = [tmp_path / "a", tmp_path / "b"]
        assert until(lambda: all(file.is_file() and file.read_text() for file in files))
        pids = [int(file.read_text()) for file in files]
        sweep.kill()
        sweep.wait(30)
        assert all(map(lives, pids))
        for name in "ab":
            await_lent(tmp_path / f"{name}.log", 30)
        assert not any(map(lives, pids))
    finally:
        sweep.kill()
