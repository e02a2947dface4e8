import io

import pytest
from kedro.io import DatasetError
from matplotlib.figure import Figure
from PIL import Image

from nevus.io.figure import FigureDataset


def figure():
    drawn = Figure(figsize=(2, 1))
    drawn.subplots().plot([0, 1], [1, 0])
    return drawn


def test_a_saved_figure_is_read_back_as_the_bytes_of_its_image(tmp_path):
    dataset = FigureDataset(filepath=str(tmp_path / "deep" / "roc.png"), save_args={"dpi": 50})
    assert not dataset.exists()
    dataset.save(figure())
    assert dataset.exists()
    assert dataset.load() == (tmp_path / "deep" / "roc.png").read_bytes()
    assert Image.open(io.BytesIO(dataset.load())).size == (100, 50)


def test_a_tight_figure_leaves_no_blank_margin(tmp_path):
    drawn = Figure(figsize=(4, 4), facecolor="white")
    drawn.text(0.5, 0.5, "in the middle")
    dataset = FigureDataset(
        filepath=str(tmp_path / "roc.png"), save_args={"dpi": 50, "bbox_inches": "tight", "pad_inches": 0}
    )
    dataset.save(drawn)
    width, height = Image.open(io.BytesIO(dataset.load())).size
    assert height < 40 < width < 200


def test_a_figure_that_was_never_saved_cannot_be_loaded(tmp_path):
    with pytest.raises(DatasetError, match=r"roc\.png"):
        FigureDataset(filepath=str(tmp_path / "roc.png")).load()


def test_metadata_reaches_the_dataset(tmp_path):
    dataset = FigureDataset(filepath=str(tmp_path / "roc.png"), metadata={"mlflow": "artifact"})
    assert dataset.metadata == {"mlflow": "artifact"}
