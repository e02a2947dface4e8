"""`kedro clean` shows what goes, asks, and leaves what must stay."""

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from kedro.framework.project import configure_project

from nevus.cli import clean as module
from nevus.cli.clean import clean
from nevus.locks import Lock

RUN, OTHER, CORPUS = "06_models/test/ssgan/seed0", "06_models/test/ssgan/seed1", "02_intermediate/test/32px-squash"


@pytest.fixture
def root(project: Path, tmp_path: Path) -> Path:
    """A project with two runs and a corpus of `test`, one run of another data set, raw files and an empty store."""
    configure_project("nevus")
    shutil.copytree(project / "conf", tmp_path / "conf")
    for name in (RUN, OTHER, f"{CORPUS}/corpus", "06_models/phantom/ssgan/seed0", "01_raw/test"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "file").write_text("content")
    return tmp_path


def call(root: Path, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(clean, arguments, obj=SimpleNamespace(project_path=root), input=answer)


def left(root: Path) -> set[str]:
    data = root / "data"
    return {path.parent.relative_to(data).as_posix() for path in data.rglob("file")}


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        (["ssgan/seed0", "--env=test"], {RUN}),
        (["ssgan/*", "--env=test"], {RUN, OTHER}),
        (["--dataset", "--env=test"], {RUN, OTHER, f"{CORPUS}/corpus"}),
        (["--dataset"], {"06_models/phantom/ssgan/seed0"}),
        (["--all"], {RUN, OTHER, f"{CORPUS}/corpus", "06_models/phantom/ssgan/seed0"}),
        (["--keep=0"], set()),
    ],
)
def test_what_is_asked_for_goes_and_nothing_else(root, arguments, gone):
    before = left(root)
    result = call(root, *arguments, "--yes")
    assert result.exit_code == 0, result.output
    assert before - left(root) == gone
    assert (root / "data" / "06_models").is_dir()
    for name in gone:
        assert f"data/{name.removesuffix('/corpus')}" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"), [(["--dataset", "--env=test"], True), (["--all"], True), (["ssgan/*", "--env=test"], False)]
)
def test_the_test_ledger_always_stays_and_is_no_reason_to_fail(root, arguments, said):
    ledger = root / "data/08_reporting/test/test_ledger.jsonl"
    ledger.parent.mkdir(parents=True)
    ledger.touch()
    result = call(root, *arguments, "--yes")
    assert result.exit_code == 0, result.output
    assert ledger.exists()
    assert (f"{ledger.relative_to(root)}: the test images have been scored" in result.output) == said
    if said:
        assert call(root, *arguments, "--yes").exit_code == 0


def test_nothing_goes_unasked(root):
    before = left(root)
    result = call(root, "--all")
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert f"data/{RUN}  (1 files, 7 B)" in result.output
    assert left(root) == before


@pytest.mark.parametrize(("answer", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_answer_counts(root, monkeypatch, answer, goes):
    monkeypatch.setattr(module, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    call(root, "ssgan/seed0", "--env=test", answer=answer)
    assert (RUN not in left(root)) == goes


def test_a_run_that_goes_on_stays_with_its_corpus_and_the_store(root):
    (root / "mlartifacts").mkdir()
    lock = Lock(root / "data" / RUN / ".run.lock")
    with lock.held(seconds=0.0, what="The run", remedy=""):
        result = call(root, "--all", "--yes")
    assert left(root) == {RUN, f"{CORPUS}/corpus", "01_raw/test"}
    assert "The run ssgan/seed0 of test is in use by process" in result.output
    assert "mlartifacts: a run is going on" in result.output
    assert (root / "mlartifacts").is_dir()


def test_a_corpus_that_is_being_packed_stays(root):
    with Lock.beside(root / "data" / CORPUS / "corpus").held(seconds=0.0, what="It", remedy=""):
        call(root, "--dataset", "--env=test", "--yes")
    assert left(root) & {f"{CORPUS}/corpus", RUN} == {f"{CORPUS}/corpus"}


def test_a_file_in_git_keeps_its_run(root):
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    subprocess.run(["git", "add", "-f", f"data/{RUN}/file"], cwd=root, check=True)
    result = call(root, "--all", "--yes")
    assert RUN in left(root)
    assert OTHER not in left(root)
    assert "kept in git" in result.output


def test_the_source_of_an_environment_stays(root):
    (root / "conf" / "table" / "catalog.yml").write_text(f"source:\n  filepath: data/{RUN}/file\n")
    result = call(root, "--all", "--yes")
    assert RUN in left(root)
    assert "the source that conf/table/catalog.yml names" in result.output


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_a_store_that_cannot_be_opened_goes_with_all(root, content):
    (root / "mlflow.db").write_bytes(content)
    (root / "mlartifacts" / "a").mkdir(parents=True)
    assert call(root, "--all", "--yes").exit_code == 0
    assert not (root / "mlflow.db").exists()
    assert not (root / "mlartifacts").exists()


def test_what_can_still_be_tracked_goes_only_when_told(root):
    for folder in (root, root / "data" / RUN):
        (folder / "untracked-20250102-030405-6.json").touch()
    result = call(root, "--all", "--yes")
    assert RUN in left(root)
    assert result.output.count("`kedro track ") == 2
    call(root, "--all", "--untracked", "--yes")
    assert RUN not in left(root)
    assert not list(root.glob("untracked-*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say what to remove"),
        (["ssgan/seed0", "--all"], "Say what to remove"),
        (["--keep=1", "--env=test"], "--env chooses a data set"),
        (["ssgan/seed7", "--env=test"], "Its runs: ssgan/seed0, ssgan/seed1"),
        (["--dataset", "--env=nowhere"], "there is no environment 'nowhere'"),
    ],
)
def test_what_cannot_be_meant_is_refused(root, arguments, said):
    before = left(root)
    result = call(root, *arguments, "--yes")
    assert result.exit_code != 0
    assert said in result.output
    assert left(root) == before
