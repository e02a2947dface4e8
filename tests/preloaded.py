"""Processes of a Python that has the heavy libraries already: to import them takes longer than most runs of tests."""

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
# None of nevus, which a process finds in its own folder, nor of kedro.framework, which reads its logging from there.
LIBRARIES = (
    *("alembic.migration", "google.protobuf", "jinja2", "kedro.io", "kedro.pipeline", "kedro_datasets.matplotlib"),
    *("kedro_datasets.pandas", "matplotlib.pyplot", "mlflow.models", "mlflow.pyfunc", "omegaconf"),
    *("mlflow.store.tracking.sqlalchemy_store", "pandera.pandas", "pyarrow.parquet", "pydantic", "rich.table"),
    *("scipy.stats", "sklearn.model_selection", "sklearn.svm", "torch._dynamo", "torchvision.io", "tqdm"),
)
# As nevus.settings has them, which a run reads before MLflow.
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "WARNING", "DO_NOT_TRACK": "1"}


class Started:
    """A process that was started; to be used as one of `subprocess.Popen` with both streams piped."""

    def __init__(self, preloaded: "Preloaded", args: Sequence[str], pid: int, streams: Sequence[Path]) -> None:
        self.args = list(args)
        self.pid = pid
        self.returncode: int | None = None
        self._preloaded = preloaded
        self._streams = streams

    def poll(self) -> int | None:
        """The exit status as of `subprocess`, or None while the process goes on."""
        if self.returncode is None:
            self.returncode = self._preloaded.ask(status_of=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for the end."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.02)
        return code

    def communicate(self, timeout: float = 300) -> tuple[str, str]:
        """Wait for the end; what was written to stdout and to stderr."""
        self.wait(timeout)
        stdout, stderr = (stream.read_text() for stream in self._streams)
        return stdout, stderr

    def completed(self) -> "subprocess.CompletedProcess[str]":
        """Wait for the end, as `subprocess.run` does."""
        stdout, stderr = self.communicate()
        return subprocess.CompletedProcess(self.args, self.wait(0), stdout, stderr)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)


class Preloaded:
    """Starts processes: forks of one that has imported the libraries and has done nothing else."""

    def __init__(self, server: "subprocess.Popen[str]", folder: Path) -> None:
        self._server = server
        self._folder = folder

    def start(self, *arguments: str, cwd: Path, env: Mapping[str, str]) -> Started:
        """Start `python ARGUMENTS`, where the first is -m or -c."""
        streams = [Path(tempfile.mkstemp(dir=self._folder)[1]) for _ in range(2)]
        paths = [str(path) for path in streams]
        pid = self.ask(arguments=arguments, cwd=str(cwd), env=dict(env), streams=paths)
        return Started(self, arguments, pid, streams)

    def ask(self, **request: Any) -> Any:
        """Send a request to the process that forks; its answer."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


@contextmanager
def preloading() -> Iterator[Preloaded]:
    """Start the process that imports and forks; those that still go on at the end are killed."""
    command = [sys.executable, "-m", "tests.preloaded"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        tempfile.TemporaryDirectory() as folder,
        # Ctrl-C is for the tests: these end by it.
        subprocess.Popen(command, cwd=PROJECT, env=os.environ | QUIET, start_new_session=True, **pipes) as server,
    ):
        yield Preloaded(server, Path(folder))


def serve() -> list[str]:
    """Answer requests, one a line, until they end; return in a fork, which is to run the arguments."""
    going_on = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "arguments" in request:
            if (pid := os.fork()) == 0:
                return become(**request)
            going_on.add(pid)
            answer: int | None = pid
        else:
            ended, status = os.waitpid(request["status_of"], os.WNOHANG)
            going_on.discard(ended)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in going_on:
        os.kill(pid, signal.SIGKILL)
    return []


def become(arguments: list[str], cwd: str, env: dict[str, str], streams: list[str]) -> list[str]:
    """Make of this fork what a new process would be."""
    for descriptor, path in enumerate([os.devnull, *streams]):
        os.dup2(os.open(path, os.O_RDWR), descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts in the background ignore it
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    return arguments


def run(option: str, what: str, *rest: str) -> None:
    """Do what `python OPTION WHAT REST` does."""
    sys.argv = [option, *rest]
    if option == "-m":
        sys.path[0] = str(Path.cwd())
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = ""
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    if arguments := serve():
        run(*arguments)
