"""What Linux's control groups (containers, batch systems) grant a process, read from the kernel's files."""

import math
from collections.abc import Iterator
from pathlib import Path


def quota(root: Path) -> float:
    """Seconds of computing that the control groups grant a second; infinite where none is limited.

    Args:
        root: Where `proc` and `sys` are.
    """
    granted = [_granted(text_of(folder / name) for name in files) for folder, files in control_groups(root)]
    return min(granted, default=math.inf)


def control_groups(root: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The folder of each control group over this process, with the names of the files that hold its quota.

    Inside a container the path may be the host's, of which only the upper end is mounted: so all its parents are tried.

    Args:
        root: Where `proc` and `sys` are.
    """
    for line in text_of(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        files = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
        for mount in (controllers, "cpu") if controllers else ("", "unified"):
            inner = Path(path.lstrip("/"))
            for folder in (inner, *inner.parents):
                yield root / "sys/fs/cgroup" / mount / folder, files


def _granted(contents: Iterator[str]) -> float:
    """From "200000 100000", "max 100000" (version 2), or the two numbers from two files, "-1" for no limit."""
    words = " ".join(contents).split()
    if len(words) != 2 or not all(word.isdecimal() for word in words) or not int(words[1]):
        return math.inf
    return int(words[0]) / int(words[1])


def text_of(path: Path) -> str:
    """What is in a file of the kernel; nothing where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def throttled(root: Path) -> float:
    """Seconds that the control group was stopped so far; over all groups, the longest.

    Args:
        root: Where `proc` and `sys` are.
    """
    stopped = 0.0
    for folder, _ in control_groups(root):
        words = text_of(folder / "cpu.stat").split()
        found = dict(zip(words[::2], words[1::2], strict=False))
        # Microseconds in version 2, nanoseconds in version 1.
        stopped = max(stopped, int(found.get("throttled_usec", 0)) / 1e6 + int(found.get("throttled_time", 0)) / 1e9)
    return stopped
