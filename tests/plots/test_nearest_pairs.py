import numpy as np
import pytest

from nevus.contracts import TrainingError
from nevus.plots.nearest_pairs import Pairs, nearest_pairs
from nevus.plots.style import VERMILION
from tests.plots.rendering import rendered


def pairs(title, distances):
    count = len(distances)
    images = [np.full((count, 8, 8, 3), level, dtype=np.uint8) for level in (40, 200)]
    return Pairs(title, images[0], images[1], np.array(distances))


def test_generated_images_stand_above_their_nearest_training_images_and_copies_are_named():
    groups = [pairs("Generated images", [0.1, 0.5, 0.9]), pairs("Held-out real images", [0.4, 0.6])]
    figure = nearest_pairs(groups, threshold=0.3, title="Nearest pairs")
    assert min(rendered(figure)) > 100
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_xlabel() for axes in shown] == ["0.1, a copy", "0.5", "0.9", "0.4", "0.6"]
    assert [axes.xaxis.label.get_color() == VERMILION for axes in shown] == [True, False, False, False, False]
    picture = shown[0].images[0].get_array()
    assert picture.shape == (8 + 2 + 8, 8, 3)
    assert (picture[:8] == 40).all()
    assert (picture[10:] == 200).all()


def test_a_group_without_pairs_is_refused():
    with pytest.raises(TrainingError, match="no pairs to draw of: Held-out"):
        nearest_pairs([pairs("Generated", [1.0]), pairs("Held-out", [])], threshold=0.3, title="x")
