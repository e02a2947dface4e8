from pathlib import Path

import pandas as pd
import pytest
from pandera.errors import SchemaError, SchemaErrors

from nevus.contracts import MANIFEST_COLUMNS
from nevus.corpus.schema import MANIFEST, conform


def _manifest(**columns: list) -> pd.DataFrame:
    rows = {
        "image_id": ["a", "b", "c"],
        "split": ["labeled", "unlabeled", "test"],
        "label": [1, None, 0],
        "source": ["x"] * 3,
        "width": [8] * 3,
        "height": [8] * 3,
        "sha256": ["0" * 64] * 3,
        "phash": ["f" * 16] * 3,
        "row": [0, 1, 2],
    }
    return conform(pd.DataFrame(rows | columns))


def test_missing_columns_become_null_and_others_go() -> None:
    manifest = MANIFEST.validate(_manifest(file=["1.jpg"] * 3))
    assert tuple(manifest.columns) == MANIFEST_COLUMNS
    assert manifest[["diagnosis", "group_id", "age", "sex", "site"]].isna().all(axis=None)


@pytest.mark.parametrize("ages", [[None] * 3, [40, None, 55.5]])
def test_types_survive_parquet(ages: list, tmp_path: Path) -> None:
    manifest = _manifest(age=ages)
    manifest.to_parquet(tmp_path / "manifest.parquet", index=False)
    loaded = pd.read_parquet(tmp_path / "manifest.parquet")
    pd.testing.assert_frame_equal(loaded, manifest)
    assert loaded["label"].dtype == "Int64"
    MANIFEST.validate(loaded)


@pytest.mark.parametrize(
    "wrong",
    [
        {"image_id": ["a", "a", "c"]},
        {"image_id": ["a", None, "c"]},
        {"split": ["labeled", "train", "test"]},
        {"label": [-1, None, 0]},
        {"row": [0, 2, 1]},
        {"row": [1, 2, 3]},
        {"width": [8, 0, 8]},
        {"age": [-1, None, None]},
        {"sha256": ["0" * 63] * 3},
        {"phash": ["F" * 16] * 3},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, list]) -> None:
    with pytest.raises(SchemaError):
        MANIFEST.validate(_manifest(**wrong))


def test_order_of_columns_counts() -> None:
    manifest = _manifest()
    with pytest.raises((SchemaError, SchemaErrors)):
        MANIFEST.validate(manifest[list(manifest.columns[::-1])])
