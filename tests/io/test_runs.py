"""What runs leave for others."""

import pandas as pd

from nevus.io.runs import OutOfFoldDataset


def test_out_of_fold_predictions_of_one_method_stay_when_another_is_cross_validated(tmp_path):
    first = OutOfFoldDataset(filepath=str(tmp_path), run="/seed0")
    assert not first.exists()
    assert first.load() == {}
    tables = {name: pd.DataFrame({"method": [name]}) for name in ("supervised", "transfer", "ssgan")}
    first.save({name: tables[name] for name in ("supervised", "transfer")})
    other = OutOfFoldDataset(filepath=str(tmp_path), run="-wide/seed3")
    assert not other.exists()
    other.save({"ssgan": tables["ssgan"]})

    found = first.load()

    assert first.exists() and other.exists()
    assert list(found) == ["ssgan-wide/seed3", "supervised/seed0", "transfer/seed0"]
    assert found["ssgan-wide/seed3"]().equals(tables["ssgan"])
    assert (tmp_path / "cross_validation.supervised" / "seed0" / "out_of_fold.parquet").is_file()
