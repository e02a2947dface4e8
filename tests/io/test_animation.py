import base64
import inspect
import io

import numpy as np
import pytest
from kedro.io import DatasetError
from PIL import Image

from nevus.io.animation import AnimationDataset


def frames(count=4):
    """Plain frames that get brighter."""
    levels = np.linspace(0, 240, count).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (count, 6, 9, 3)).copy()


@pytest.fixture
def dataset(tmp_path):
    return AnimationDataset(
        filepath=tmp_path / "deep" / "progress.gif", milliseconds=120, metadata={"mlflow": "artifact"}
    )


def test_every_frame_comes_back_and_the_last_one_is_held(dataset):
    dataset.save(frames())
    image = Image.open(io.BytesIO(dataset.load()))
    assert (image.format, image.n_frames, image.size) == ("GIF", 4, (9, 6))
    durations, levels = [], []
    for number in range(4):
        image.seek(number)
        durations.append(image.info["duration"])
        levels.append(np.asarray(image.convert("RGB"))[0, 0, 0])
    assert durations == [120, 120, 120, 1200]
    assert levels == [0, 80, 160, 240]
    assert image.info["loop"] == 0


def test_one_frame_is_an_animation_too(dataset):
    dataset.save(frames(1))
    assert Image.open(io.BytesIO(dataset.load())).n_frames == 1


def test_colours_survive_up_to_the_palette(dataset):
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3), dtype=np.uint8)
    dataset.save(pixels)
    shown = np.asarray(Image.open(io.BytesIO(dataset.load())).convert("RGB")).astype(int)
    assert np.abs(shown - pixels[0]).mean() < 5


@pytest.mark.parametrize(
    "wrong",
    [frames()[0], frames().astype(float), frames()[..., :1], frames()[:0]],
    ids=["3d", "float", "grey", "empty"],
)
def test_anything_but_colour_frames_is_refused_and_nothing_is_left(dataset, tmp_path, wrong):
    with pytest.raises(DatasetError, match=r"\(T, H, W, 3\) and type uint8"):
        dataset.save(wrong)
    assert not dataset.exists()
    assert list(tmp_path.rglob("*.gif*")) == []


def test_a_save_that_breaks_off_leaves_the_old_file(dataset, tmp_path, monkeypatch):
    dataset.save(frames())
    before = dataset.load()

    def break_off(self, target, **_):
        target.write_bytes(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", break_off)
    with pytest.raises(DatasetError, match="disk full"):
        dataset.save(frames(2))
    assert dataset.load() == before
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["progress.gif"]


def test_kedro_viz_gets_a_preview_of_a_type_that_it_knows(dataset):
    dataset.save(frames())
    assert base64.b64decode(dataset.preview()) == dataset.load()
    annotation = inspect.signature(dataset.preview).return_annotation
    assert getattr(annotation, "__name__", annotation) == "ImagePreview"


def test_loading_before_saving_names_the_file(dataset):
    with pytest.raises(DatasetError, match=r"progress\.gif"):
        dataset.load()


def test_metadata_reaches_the_dataset(dataset):
    assert dataset.metadata == {"mlflow": "artifact"}
