import math
import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch

from nevus.training.control_groups import quota
from nevus.training.threads import (
    SHARE,
    WINDOW,
    StarvationWatch,
    Waits,
    available,
    limited,
    read_waits,
    resolve,
)
from tests.training.fakes import loop


@pytest.fixture(autouse=True)
def _unasked(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)


def write(root, files):
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


SECOND = {"proc/self/cgroup": "0::/a/b\n"}
FIRST = {"proc/self/cgroup": "3:cpuset:/x\n2:cpu,cpuacct:/docker/c\n0::/\n"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16),
        ({**SECOND, "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 16),
        ({**SECOND, "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n"}, 4),
        # A group is held to the quota of every group that it is in.
        ({**SECOND, "sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "350000 100000"}, 3),
        ({**SECOND, "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/unified/cpu.max": "200000 100000"}, 2),
        (
            {
                **FIRST,
                "sys/fs/cgroup/cpu,cpuacct/docker/c/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu,cpuacct/docker/c/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        # Seen from inside a container the group is the root of the mount.
        ({**FIRST, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "500000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 5),
        ({**FIRST, "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 16),
        ({**SECOND, "sys/fs/cgroup/cpu.max": "nonsense"}, 16),
    ],
)
def test_no_more_threads_than_the_container_may_use(tmp_path, files, expected):
    assert available(write(tmp_path, files)) == expected


@pytest.mark.parametrize(("asked", "expected"), [("3", 3), ("2,4", 2), ("64", 16), ("", 16), ("dynamic", 16), ("0", 1)])
def test_a_number_in_the_environment_is_a_limit(tmp_path, monkeypatch, asked, expected):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert available(tmp_path) == expected


def test_this_machine_grants_something():
    assert quota(Path("/")) > 0


def test_auto_never_takes_more_than_pytorch_would(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert resolve("auto") == 1
    assert resolve(5) == 5


def test_threads_are_as_many_as_before_afterwards_also_after_an_error():
    before = torch.get_num_threads()
    with pytest.raises(KeyError), limited(before + 1):
        assert torch.get_num_threads() == before + 1
        raise KeyError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("written", "read"), [("auto", "auto"), (2, 2), ("2", 2)])
def test_the_parameter_is_a_number_or_auto(written, read):
    assert loop(threads=written).threads == read


class Machine:
    """Time passes, and so many seconds of each are spent in the queue and stopped."""

    def __init__(self):
        self.now, self.queued, self.throttled = 100.0, 7.0, 3.0

    def passes(self, seconds, queued=0.0, throttled=0.0):
        self.now += seconds
        self.queued += seconds * queued
        self.throttled += seconds * throttled

    def watch(self):
        return StarvationWatch(
            "test", remedy="x.loop.threads", read=lambda: Waits(self.queued, self.throttled), clock=lambda: self.now
        )


@pytest.mark.parametrize("cause", ["queued", "throttled"])
def test_a_starved_training_says_so_once(cause, caplog):
    machine = Machine()
    watch = machine.watch()
    said = []
    for _ in range(5):
        machine.passes(WINDOW, **{cause: SHARE + 0.1})
        said.append(watch.look())
    assert said == [True, False, False, False, False]
    assert len(caplog.records) == 1


def test_a_training_that_gets_its_processors_says_nothing(caplog):
    machine = Machine()
    watch = machine.watch()
    for _ in range(50):
        machine.passes(WINDOW, queued=SHARE - 0.01, throttled=SHARE - 0.01)
        assert not watch.look()
    assert not caplog.records


def test_one_bad_moment_is_no_starvation_but_a_late_one_that_lasts_is():
    machine = Machine()
    watch = machine.watch()
    machine.passes(WINDOW / 10, queued=1.0)
    assert not watch.look()
    machine.passes(WINDOW)
    assert not watch.look()
    for _ in range(1000):
        machine.passes(WINDOW)
        assert not watch.look()
    machine.passes(WINDOW, queued=0.5)
    assert watch.look()


def test_a_system_that_counts_nothing_is_never_said_to_starve():
    machine = Machine()
    watch = StarvationWatch("test", remedy="x", read=lambda: None, clock=lambda: machine.now)
    machine.passes(10 * WINDOW)
    assert not watch.look()


def test_waits_are_read_from_the_kernels_files(tmp_path):
    files = {
        "proc/self/task/1/schedstat": "9 2000000000 1\n",
        "proc/self/task/2/schedstat": "9 500000000 1\n",
        "proc/self/task/3/schedstat": "",  # a thread that ended meanwhile
    }
    assert read_waits(tmp_path) is None
    assert read_waits(write(tmp_path, files)) == Waits(2.5, 0.0)
    write(tmp_path, {**SECOND, "sys/fs/cgroup/a/cpu.stat": "usage_usec 5\nthrottled_usec 4000000\n"})
    assert read_waits(tmp_path) == Waits(2.5, 4.0)
    write(tmp_path, {**FIRST, "sys/fs/cgroup/cpu/cpu.stat": "nr_periods 5\nthrottled_time 3000000000\n"})
    assert read_waits(tmp_path) == Waits(2.5, 3.0)


def compute(until):
    while time.monotonic() < until:
        math.sqrt(2.0)


@pytest.mark.slow
@pytest.mark.skipif(read_waits() is None, reason="this system does not count what a thread waits")
def test_a_process_that_shares_its_processor_is_seen_to_wait(monkeypatch):
    monkeypatch.undo()
    before = os.sched_getaffinity(0)
    one = {min(before)}
    until = time.monotonic() + 12
    os.sched_setaffinity(0, one)
    try:
        rivals = [multiprocessing.get_context("fork").Process(target=compute, args=(until,)) for _ in range(3)]
        for rival in rivals:
            rival.start()
        watch = StarvationWatch("test", remedy="x")
        compute(until)
        assert watch.look()
        for rival in rivals:
            rival.join()
    finally:
        os.sched_setaffinity(0, before)
