"""Shards written from raw files and checked, as a user would: seven classes, copies of a rare one."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from tests.end_to_end.conftest import clean_environment
from tests.end_to_end.test_formats import DRIVER
from tests.fakes import write_folder
from tests.readers.fake_challenges import ham10000_files

pytestmark = pytest.mark.slow

LESIONS = 42  # of two images: 12 images a class
MELANOMA = "4"  # among akiec, bcc, bkl, df, mel, nv, vasc
SHARDS = "data/05_model_input/ham10000/tfrecords/seed0"


def run(root: Path, runs: list[tuple[str, str, dict[str, Any]]]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps(runs),
        cwd=root,
        env={**clean_environment(), "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def found(root: Path, check: str, table: str) -> pd.DataFrame:
    return pd.read_csv(root / f"data/08_reporting/ham10000/{check}/seed0/{table}.csv", keep_default_na=False, dtype=str)


def test_copies_of_a_rare_class_are_written_and_both_checks_find_them(new_project, tmp_path):
    source = write_folder(tmp_path / "ham10000", ham10000_files(LESIONS))
    settings = {
        "source": str(source),
        "ingestion": {"ham10000": {"task": "seven"}},
        "splits": {"label_budget": None},
        "tfrecords": {"copies": {"mode": "positives", "positives": ["melanoma"], "ratio": 3.0}},
    }
    root = new_project().root
    shards = root / SHARDS
    run(
        root,
        [
            ("ham10000", "tfrecords", settings),
            ("ham10000", "check_tfrecords", {"source": str(shards)}),
        ],
    )
    plain = pd.read_parquet(root / "data/03_primary/ham10000/ingestion/seed0/assignment.parquet")
    train = plain[plain["split"] == "labeled"].groupby("label").size()
    for check in ("tfrecords", "check_tfrecords"):
        balance = found(root, check, "balance").set_index(["split", "target"])["records"].astype(int)
        assert balance["labeled"].drop(MELANOMA).tolist() == train.drop(int(MELANOMA)).tolist()
        assert balance["labeled", MELANOMA] == 3 * train.drop(int(MELANOMA)).max() > train[int(MELANOMA)]
        for split in ("validation", "test"):
            assert balance[split].sum() == (plain["split"] == split).sum() > 0
        assert found(root, check, "broken").empty
        summary = found(root, check, "summary").set_index("split")
        assert int(summary.loc["all", "records"]) == balance.sum()
        assert summary["broken"].tolist() == ["0"] * 4
        names = found(root, check, "shards")["shard"]
        assert sorted(names) == sorted(path.name for path in shards.glob("*.tfrec"))
        sheet = (root / f"data/08_reporting/ham10000/{check}/seed0/sheet.png").read_bytes()
        assert min(Image.open(io.BytesIO(sheet)).size) > 500
