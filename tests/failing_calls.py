"""Calls of the system that fail as on odd machines, in a process of their own."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HEADERS = "#include <errno.h>\n#include <semaphore.h>\n"
CALLS = {  # what the call returns where it fails
    "flock": "int flock(int descriptor, int operation) {{ errno = {code}; return -1; }}",
    "sem_open": "sem_t *sem_open(const char *name, int flags, ...) {{ errno = {code}; return SEM_FAILED; }}",
}


def environment(folder: Path, call: str, code: int) -> dict[str, str]:
    """The environment of a process in which this call always fails with this number."""
    if os.uname().sysname != "Linux" or not shutil.which("gcc"):
        pytest.skip("a library put before the system's needs Linux and gcc")
    source, library = folder / f"{call}.c", folder / f"{call}_{errno.errorcode[code]}.so"
    source.write_text(HEADERS + CALLS[call].format(code=code))
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return os.environ | {"LD_PRELOAD": str(library)}
