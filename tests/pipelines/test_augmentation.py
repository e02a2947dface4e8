import numpy as np
import pandas as pd
import pytest

from nevus.augment.options import Policies
from nevus.contracts import Corpus, CorpusError
from nevus.pipelines.augmentation.nodes import draw_policies, measure_colours
from nevus.pipelines.augmentation.params import AugmentationParams
from tests.training.fakes import two_colours

OPTIONS = AugmentationParams(images=4, views=3, measured=60, seed=0)
POLICIES = Policies.model_validate(
    {
        "none": [],
        "shape": [{"name": "square"}],
        "colour": [{"name": "square"}, {"name": "saturation", "factor": [0, 0]}],
        "mixed": [{"name": "mixup", "alpha": 1.0}],
    }
)


@pytest.fixture
def training() -> Corpus:
    pixels, labels = two_colours(80)
    manifest = pd.DataFrame(
        {
            "image_id": [f"i{number}" for number in range(80)],
            "split": ["labeled"] * 60 + ["unlabeled"] * 20,
            "label": pd.array([*labels[:60], *[None] * 20], dtype="Int64"),
            "row": range(80),
        }
    )
    return Corpus(manifest, pixels, "f", ("blue", "red"))


def test_there_is_a_sheet_of_each_policy_with_the_images_and_their_draws(training):
    sheets = draw_policies(training, POLICIES, OPTIONS)
    assert list(sheets) == ["none", "shape", "colour", "mixed"]
    for sheet in sheets.values():
        (axes,) = sheet.axes
        height, width = axes.get_images()[0].get_array().shape[:2]
        assert height == 4 * 18 - 2
        assert width == 16 + 4 + 3 * 18 - 2


def test_the_first_column_is_the_image_as_it_is(training):
    sheet = draw_policies(training, POLICIES, OPTIONS)["none"]
    drawn = np.asarray(sheet.axes[0].get_images()[0].get_array())
    np.testing.assert_array_equal(drawn[:16, :16], training.pixels[0])
    np.testing.assert_array_equal(drawn[:16, 20:36], training.pixels[0])


def test_colours_move_by_operations_of_colour_and_not_by_turns(training):
    table = measure_colours(training, POLICIES, OPTIONS).set_index(["policy", "operation"])
    assert table.loc["none", "all"].tolist() == [0, 0]
    assert table.loc[("shape", "square"), "moved"] < 0.01
    assert table.loc[("colour", "saturation"), "moved"] > 0.3
    assert table.loc[("colour", "all"), "moved"] == pytest.approx(table.loc[("colour", "saturation"), "moved"], rel=0.1)


def test_the_same_seed_gives_the_same_table(training):
    pd.testing.assert_frame_equal(
        measure_colours(training, POLICIES, OPTIONS), measure_colours(training, POLICIES, OPTIONS)
    )


def test_only_labelled_training_images_are_looked_at(training):
    hidden = training._replace(manifest=training.manifest.assign(split="unlabeled"))
    with pytest.raises(CorpusError, match="labelled images of every class"):
        draw_policies(hidden, POLICIES, OPTIONS)
