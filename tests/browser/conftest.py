"""A headless browser, and servers to look at with it; skipped where there is no browser."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import clean_environment, new_project

__all__ = ["new_project"]  # a fixture of another folder that is used here too

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Nothing is asked of the network but the page itself.
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 120
QUIET = {"OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight processes beside the server, of which no page is made


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install -e '.[dev]'")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=program, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page, wide enough for tables."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Starts a server in a folder until the end of a `with`; gives its address. `ready` is a page that it answers."""

    @contextmanager
    def serving(root: Path, *command: str, ready: str = "") -> Iterator[str]:
        port = free_port()
        log = (root / "server.log").open("w")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # MLflow looks there for uvicorn
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.replace("PORT", str(port)) for part in command)],
            cwd=root,
            env={**clean_environment(), **QUIET, **NO_JOBS, "PATH": path},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address + ready, process, root / "server.log")
            yield address
        finally:
            os.killpg(process.pid, 15)  # its own session: the workers of this server and nothing else
            process.wait(timeout=30)
            log.close()

    return serving


def free_port() -> int:
    """One that Kedro-Viz takes: it refuses those above 49151, where the system's own choice often lies."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return
    raise RuntimeError(f"the server at {address} did not start: {log.read_text()[-2000:]}")
