import errno
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from kedro.io import DatasetError
from mlflow import MlflowClient
from tqdm import tqdm

from nevus.cli import run
from nevus.cli.console import BesideBars
from nevus.cli.errors import explain
from nevus.contracts import NevusError, SourceError
from tests.preloaded import Preloaded, Started

CONF = Path(__file__).parents[1] / "conf"
PYPROJECT = """
[tool.kedro]
package_name = "tiny"
project_name = "tiny"
kedro_init_version = "1.7.0"
source_dir = "src"
"""
SETTINGS = """
from nevus.settings import CONFIG_LOADER_ARGS, DISABLE_HOOKS_FOR_PLUGINS, HOOKS
"""
REGISTRY = """
import time
from pathlib import Path
from kedro.pipeline import node, pipeline
from nevus.contracts import Options, SourceError

class Fit(Options):
    steps: int

def fit(options: Fit):
    return options.steps

def refuse(options: Fit):
    raise SourceError("no images in data/01_raw; put some there")

def crash(options: Fit):
    return 1 / 0

def wait(options: Fit):
    Path("waiting").touch()
    time.sleep(60)

def register_pipelines():
    one = lambda f: pipeline([node(f, "params:fit", "out", name=f.__name__)])
    missing = pipeline([node(lambda table: 1, "table", "out", name="read")])
    pipelines = {f.__name__: one(f) for f in (fit, refuse, crash, wait)} | {"missing": missing}
    return pipelines | {"__default__": pipelines["fit"]}
"""

Start = Callable[..., Started]
Kedro = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"))


def make_project(root: Path) -> Path:
    package = root / "src" / "tiny"
    package.mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text("from nevus.cli import cli, run\n")
    (package / "settings.py").write_text(SETTINGS)
    (package / "pipeline_registry.py").write_text(REGISTRY)
    for folder in ("base", "local", "tracked", "broken"):
        (root / "conf" / folder).mkdir(parents=True)
    shutil.copy(CONF / "logging.yml", root / "conf" / "logging.yml")
    tracking = "enabled: {}\ntracking_uri: null\nexperiment: tiny\n"
    (root / "conf" / "base" / "mlflow.yml").write_text(tracking.format("false"))
    (root / "conf" / "tracked" / "mlflow.yml").write_text(tracking.format("true"))
    (root / "conf" / "broken" / "parameters.yml").write_text("fit: {steps: [1\n")
    (root / "conf" / "base" / "parameters.yml").write_text("fit: {steps: 5}\n")
    (root / "conf" / "base" / "catalog.yml").write_text("table: {type: pandas.CSVDataset, filepath: data/table.csv}\n")
    return root


@pytest.fixture(scope="module")
def start(preloaded: Preloaded) -> Start:
    """Starts `kedro run ARGUMENTS` in a project."""

    def start(project: Path, *arguments: str, **env: str) -> Started:
        environment = {**os.environ, "NEVUS_TRACEBACK": "", **env}
        return preloaded.start("-m", "kedro", "run", *arguments, cwd=project, env=environment)

    return start


@pytest.fixture(scope="module")
def kedro(start: Start) -> Kedro:
    """Runs `kedro run ARGUMENTS` in a project to its end."""
    return lambda *arguments, **env: start(*arguments, **env).completed()


@pytest.mark.parametrize("option", ["--pipeline=fit", "--pipelines=fit"])
def test_both_spellings_of_the_option_run_the_pipeline(kedro: Kedro, project: Path, option: str) -> None:
    done = kedro(project, option)

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr


def test_an_error_of_ours_is_one_message_without_a_traceback(kedro: Kedro, project: Path) -> None:
    done = kedro(project, "--pipelines=refuse")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Error: no images in data/01_raw; put some there"
    assert "Traceback" not in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("no images in data/01_raw") == 1


@pytest.mark.parametrize(("arguments", "env"), [(["--traceback"], {}), ([], {"NEVUS_TRACEBACK": "1"})])
def test_the_traceback_is_shown_when_asked_for(
    kedro: Kedro, project: Path, arguments: list[str], env: dict[str, str]
) -> None:
    done = kedro(project, "--pipelines=refuse", *arguments, **env)

    assert done.returncode == 1
    assert "Traceback" in done.stdout + done.stderr


def test_a_bug_keeps_its_traceback(kedro: Kedro, project: Path) -> None:
    done = kedro(project, "--pipelines=crash")

    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--pipelines=fitt"], "there is no pipeline 'fitt'; did you mean 'fit'?"),
        (["--params=fitt.steps=3"], "there is no parameter group 'fitt'; did you mean 'fit'?"),
        (["--params=fit.steps=many"], "fit.steps: 'many' (str)"),
        (["--pipelines=missing"], "data/table.csv"),
        (["--env=broken"], "conf/broken/parameters.yml"),
        (["--nodes=fitt"], "fitt"),
        (["--env=nowhere"], "conf/nowhere"),
        (["--env=brokn"], "did you mean 'broken'? Environments: base, broken"),
    ],
)
def test_what_a_person_mistyped_is_one_message(
    kedro: Kedro, project: Path, arguments: list[str], expected: str
) -> None:
    done = kedro(project, *arguments)

    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 1), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_run_that_is_stopped_is_recorded_as_killed(start: Start, project: Path, number: int, code: int) -> None:
    (project / "waiting").unlink(missing_ok=True)
    process = start(project, "--pipelines=wait", "--env=tracked")
    deadline = time.monotonic() + 60
    while not (project / "waiting").exists() and time.monotonic() < deadline:
        time.sleep(0.05)

    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == code
    assert "Traceback" not in stderr
    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    (newest, *_) = client.search_runs([client.get_experiment_by_name("tiny").experiment_id], max_results=1)
    assert newest.info.status == "KILLED"


def test_two_first_runs_at_once_are_both_recorded(start: Start, tmp_path: Path) -> None:
    project = make_project(tmp_path)
    runs = [start(project, "--pipelines=fit", "--env=tracked") for _ in range(2)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]

    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    found = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    assert [run.info.status for run in found] == ["FINISHED", "FINISHED"]


def test_piped_output_has_one_plain_line_for_each_record(kedro: Kedro, project: Path) -> None:
    done = kedro(project, "--pipelines=fit")

    assert "\x1b[" not in done.stdout
    assert [line.split(" ", 2)[2] for line in done.stdout.splitlines() if "Running" in line] == ["INFO    Running fit"]


def test_kedros_own_options_are_all_there() -> None:
    from kedro.framework.cli.project import run as original

    assert {option.name for option in original.params} <= {option.name for option in run.params}


def test_an_error_of_ours_is_found_below_kedros() -> None:
    try:
        try:
            raise SourceError("the zip is empty")
        except SourceError as error:
            raise DatasetError("Failed while loading data from dataset") from error
    except DatasetError as error:
        assert explain(error) == "the zip is empty"


@pytest.mark.parametrize("kind", [PermissionError, FileNotFoundError])
def test_only_the_file_that_a_dataset_could_not_reach_is_blamed(kind: type[OSError]) -> None:
    wrapped = DatasetError("table: Failed while loading data")
    wrapped.__cause__ = kind(2, "no way", "data/table.csv")
    assert ("'table'" in str(explain(wrapped))) == (kind is FileNotFoundError)
    assert "data/table.csv" in str(explain(wrapped))
    wrapped.__cause__ = kind(2, "no way")  # of a semaphore, for example
    assert explain(wrapped) is None
    wrapped.__cause__ = ValueError("bug")
    wrapped.__cause__.__context__ = kind(2, "no way", "looked_for_first")
    assert explain(wrapped) is None


@pytest.mark.parametrize(
    ("code", "helps"),
    [
        *[(errno.ENOSPC, "Free some space"), (errno.EDQUOT, "Free some space")],
        *[(errno.EROFS, "Let this user"), (errno.EACCES, "Let this user"), (errno.EIO, "")],
    ],
)
def test_error_of_the_disk_that_a_dataset_met_is_explained_by_its_place(code: int, helps: str) -> None:
    wrapped = DatasetError("sheet: Failed while saving data to dataset F(filepath=PurePosixPath('/data/own.png')).")
    wrapped.__cause__ = OSError(code, os.strerror(code), "/data")
    said = f"/data cannot be read or written: {os.strerror(code)}. {helps}".strip()
    assert said in str(explain(wrapped))
    wrapped.__cause__ = OSError(code, os.strerror(code))  # of a write
    assert ("/data/own.png" in str(explain(wrapped))) == (code not in (errno.EACCES, errno.EIO))


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    for make in (lambda path: path.mkdir(parents=True), lambda path: (path / "x").write_text("")):
        with pytest.raises((NotADirectoryError, FileExistsError)) as caught:
            make(tmp_path / "data" / "06_models")
        assert f"{tmp_path / 'data'} is a file, and a folder is wanted there" in str(explain(caught.value))


def test_an_unexpected_error_is_not_explained() -> None:
    assert explain(RuntimeError("bug")) is None
    assert explain(ValueError("bug")) is None
    assert explain(DatasetError("bug")) is None
    assert explain(NevusError("wanted 3")) == "wanted 3"


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = (
        "import sys, nevus.cli, nevus.settings; "
        "print([m for m in ('torch', 'mlflow', 'pandas', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_log_line_takes_progress_bars_off_the_screen_and_puts_them_back() -> None:
    events = []

    class Inner(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            events.append(record.getMessage())

    class Bar(tqdm):
        def clear(self, *args, **kwargs) -> None:
            events.append("off")

        def refresh(self, *args, **kwargs) -> None:
            events.append("on")

    bar = Bar(total=2, file=sys.stderr)
    events.clear()
    BesideBars(Inner()).handle(logging.LogRecord("nevus", logging.INFO, "", 0, "epoch 1", (), None))
    seen = list(events)
    bar.close()

    assert seen == ["off", "epoch 1", "on"]
