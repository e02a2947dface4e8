import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from nevus.contracts import CorpusError
from nevus.metrics.predictions import align, prediction_table, scored_rows


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "image_id": ["a", "b", "c", "d"],
            "split": ["labeled", "test", "test", "test"],
            "group_id": [None, None, "x", "x"],
            "label": [1, 0, 1, 1],
            "probability": [0.9, 0.2, 0.6, 0.7],
            "seed": 0,
        }
    )


def test_only_test_images_are_scored(table):
    assert scored_rows(table, "net")["image_id"].tolist() == ["b", "c", "d"]


def test_methods_in_another_row_order_are_brought_into_the_same(table):
    shuffled = table.iloc[::-1].assign(probability=[0.4, 0.3, 0.2, 0.1])
    rows = align({"net": table, "floor": shuffled})
    assert rows["floor"]["image_id"].tolist() == ["b", "c", "d"]
    assert rows["floor"]["probability"].tolist() == [0.2, 0.3, 0.4]


def test_methods_that_predict_other_images_are_refused(table):
    with pytest.raises(CorpusError, match="1 are only in the first and 1 only in the second, such as 'b'"):
        align({"net": table, "floor": table.replace({"image_id": {"b": "z"}})})


def test_methods_that_disagree_on_a_label_are_refused(table):
    with pytest.raises(CorpusError, match="1 differ"):
        align({"net": table, "floor": table.assign(label=[1, 1, 1, 1])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="seed"), "lack seed"),
        (lambda t: t[t["split"] == "labeled"], "no row with split 'test'"),
        (lambda t: t.assign(label=[1, None, 1, 1]), "lack 1 test labels"),
        (lambda t: pd.concat([t, t.assign(seed=1)]), "3 rows repeat one .2 seeds"),
        (lambda t: t.assign(probability=[0.5, 0.5, -3.0, 0.5]), "between 0 and 1, but 1 do not, such as -3.0"),
        (lambda t: t.assign(probability=[0.5, 0.5, None, 0.5]), "between 0 and 1, but 1 do not"),
    ],
)
def test_tables_that_cannot_be_scored_say_why(table, change, message):
    with pytest.raises(CorpusError, match=message):
        scored_rows(change(table), "net")


def test_copies_of_one_file_count_as_one_group(table):
    """Of unknown lesion, b and c hold the same bytes; a keeps its lesion and d, alone, has none."""
    rows = table.assign(split="test", group_id=["x", None, None, None], sha256=["1", "2", "2", "3"])
    groups = prediction_table(rows, np.full((4, 2), 0.5), seed=0)["group_id"]
    assert groups[0] == "x"
    assert groups[1] == groups[2] == "image b"
    assert groups.isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probability": [0.2, 1.7]}, "must lie between 0 and 1"),
        ({"seed": None}, "lack seed"),
    ],
)
def test_kedro_refuses_a_table_that_is_no_predictions_where_it_is_handed_over(tmp_path, change, says):
    rows = {"image_id": ["a", "b"], "split": "test", "group_id": None, "label": [0, 1], "probability": [0.2, 0.7]}
    good = pd.DataFrame({**rows, "seed": 0})
    bad = good.drop(columns="seed") if change.get("seed", 0) is None else good.assign(**change)
    file = tmp_path / "predictions.parquet"
    entry = {
        "type": "pandas.ParquetDataset",
        "filepath": str(file),
        "validator": "nevus.metrics.predictions.PredictionsValidator",
    }
    catalog = DataCatalog.from_config({"ssgan.predictions": entry})
    catalog.save("ssgan.predictions", good)
    bad.to_parquet(file)
    for handing_over in (lambda: catalog.load("ssgan.predictions"), lambda: catalog.save("ssgan.predictions", bad)):
        with pytest.raises(DatasetError) as caught:
            handing_over()
        assert isinstance(caught.value.__cause__, CorpusError)
        assert says in str(caught.value.__cause__)
