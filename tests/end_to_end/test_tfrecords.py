"""Shards written from raw files and checked, as a user would: seven classes, copies of a rare one."""

import io
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.end_to_end.test_formats import train
from tests.fakes import write_folder
from tests.readers.fake_challenges import ham10000_files

pytestmark = pytest.mark.slow

LESIONS = 42  # of two images: 12 images a class
MELANOMA = "4"  # among akiec, bcc, bkl, df, mel, nv, vasc
SHARDS = "data/05_model_input/ham10000/tfrecords/seed0"


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
    made = new_project()
    root, shards = made.root, made.root / SHARDS
    train(
        made,
        [
            ("ham10000", "tfrecords", settings),
            ("ham10000", "check_tfrecords", {"source": str(shards)}),
        ],
    )
    plain = pd.read_parquet(root / "data/03_primary/ham10000/ingestion/seed0/assignment.parquet")
    trained_on = plain[plain["split"] == "labeled"].groupby("label").size()
    for check in ("tfrecords", "check_tfrecords"):
        balance = found(root, check, "balance").set_index(["split", "target"])["records"].astype(int)
        assert balance["labeled"].drop(MELANOMA).tolist() == trained_on.drop(int(MELANOMA)).tolist()
        assert balance["labeled", MELANOMA] == 3 * trained_on.drop(int(MELANOMA)).max() > trained_on[int(MELANOMA)]
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
