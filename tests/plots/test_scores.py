import numpy as np

from nevus.plots.scores import Question, scores
from tests.plots.rendering import rendered

QUESTION = Question("benign", "melanoma", np.array([0, 0, 0, 1]), np.array([0.1, 0.12, 0.9, 0.9]))


def test_each_kind_has_shares_of_its_own_and_the_threshold_is_a_line():
    figure = scores([QUESTION], title="a title", threshold=0.31831)
    assert min(rendered(figure)) > 100
    axes = figure.axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"benign (3 images)", "melanoma (1 images)", "threshold 0.318"} == set(labels)
    tops = [patch.get_xy()[:, 1].max() for patch in axes.patches]
    assert tops == [2 / 3, 1.0]


def test_seven_classes_have_seven_axes_and_what_is_left_over_is_empty():
    figure = scores([QUESTION] * 7, title="a title", threshold=None)
    assert min(rendered(figure)) > 100
    assert [axes.axison for axes in figure.axes] == [True] * 7 + [False] * 2
