"""Images as files beside a table that names them."""

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from nevus.io.image_folder import ImageFolderDataset
from nevus.io.source import SourceDataset
from nevus.readers import table
from nevus.readers.options import TableOptions


@pytest.fixture
def images() -> tuple[np.ndarray, pd.DataFrame]:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    return pixels, pd.DataFrame({"file": [f"images/{n}.png" for n in range(3)], "label": ["melanoma", "", "benign"]})


def test_no_pixel_is_lost_and_an_older_folder_is_replaced(tmp_path, images):
    dataset = ImageFolderDataset(filepath=str(tmp_path / "corpus"))
    dataset.save(
        (np.concatenate([images[0]] * 2), pd.concat([images[1], images[1].replace("images", "old", regex=True)]))
    )
    dataset.save(images)
    pixels, rows = dataset.load()
    np.testing.assert_array_equal(pixels, images[0])
    assert rows["label"].tolist() == ["melanoma", "", "benign"]
    assert sorted(path.name for path in (tmp_path / "corpus").iterdir()) == ["images", "images.csv"]


def test_the_reader_of_tables_takes_the_folder_as_it_is(tmp_path, images, configuration):
    ImageFolderDataset(filepath=str(tmp_path / "corpus")).save(images)
    source = SourceDataset(filepath=str(tmp_path / "corpus"), obtain="").load()
    options = TableOptions.model_validate(configuration()["parameters"]["ingestion"]["table"])
    listing = table.read(source, options, size=8)
    assert listing.quarantine.empty
    assert listing.records["split"].tolist() == ["labeled", "unlabeled", "labeled"]
    assert listing.records["label"].tolist() == [1, pd.NA, 0]


def test_a_table_of_another_length_is_refused(tmp_path, images):
    with pytest.raises(DatasetError, match="3 rows cannot name 2 images"):
        ImageFolderDataset(filepath=str(tmp_path / "corpus")).save((images[0][:2], images[1]))
    assert not (tmp_path / "corpus").exists()
