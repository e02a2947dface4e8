"""The ledger loses no line, whoever writes at once and whatever was cut short."""

import subprocess
import sys
import textwrap

import pandas as pd
import pytest
from kedro.io import DatasetError

from nevus.contracts import LEDGER_COLUMNS
from nevus.io import ledger as module
from nevus.io.ledger import LedgerDataset
from nevus.locks import Lock

ADD = textwrap.dedent(
    """
    import sys
    import pandas as pd
    from nevus.io.ledger import LedgerDataset
    path, run = sys.argv[1:]
    row = {"test": "t", "images": 3, "corpus": "", "run": run, "predictions": "p"}
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(20):
        LedgerDataset(filepath=path).save(pd.DataFrame([row]))
    """
)


def entry(*runs, **other):
    row = {"test": "t", "images": 3, "corpus": "c", "predictions": "p", **other}
    return pd.DataFrame([{**row, "run": run} for run in runs])


def test_every_save_adds_lines_with_the_time_and_changes_none(tmp_path):
    dataset = LedgerDataset(filepath=str(tmp_path / "deep" / "ledger.jsonl"))
    assert not dataset.exists()
    assert list(dataset.load().columns) == list(LEDGER_COLUMNS)
    assert dataset.load().empty
    dataset.save(entry("ssgan/seed0", "ssgan.baseline/seed0"))
    before = (tmp_path / "deep" / "ledger.jsonl").read_bytes()
    dataset.save(entry("ssgan/seed1"))
    assert (tmp_path / "deep" / "ledger.jsonl").read_bytes().startswith(before)
    found = dataset.load()
    assert list(found["run"]) == ["ssgan/seed0", "ssgan.baseline/seed0", "ssgan/seed1"]
    assert found["images"].sum() == 9
    times = pd.to_datetime(found["scored_at"])
    assert (pd.Timestamp.now("UTC") - times < pd.Timedelta(minutes=1)).all()
    assert dataset.preview(1)["data"][0][3] == "ssgan/seed1"


@pytest.mark.parametrize("torn", [b'{"test": "t", "ima', b"\xff\xfe", b"[1]", b'{"test": "t"}\n', b"\n\n"])
def test_a_torn_line_costs_itself_alone(tmp_path, torn):
    path = tmp_path / "ledger.jsonl"
    dataset = LedgerDataset(filepath=str(path))
    dataset.save(entry("a"))
    with path.open("ab") as file:
        file.write(torn)
    dataset.save(entry("b"))
    assert list(dataset.load()["run"]) == ["a", "b"]
    assert torn in path.read_bytes()


def test_two_runs_at_once_lose_nothing(tmp_path):
    path = str(tmp_path / "ledger.jsonl")
    both = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, path, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for run in ("a", "b")
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert LedgerDataset(filepath=path).load()["run"].value_counts().to_dict() == {"a": 20, "b": 20}


def test_a_ledger_held_for_long_is_an_error_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    path = tmp_path / "ledger.jsonl"
    other = Lock.beside(path)
    with (
        other.held(seconds=0, what="it", remedy=""),
        pytest.raises(DatasetError, match=r"test ledger .*ledger\.jsonl is in use"),
    ):
        LedgerDataset(filepath=str(path)).save(entry("a"))
    assert not path.exists()
