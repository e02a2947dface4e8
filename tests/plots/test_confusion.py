import numpy as np

from nevus.contracts import CLASSES
from nevus.plots.confusion import confusion
from tests.plots.rendering import rendered


def test_the_confusion_matrix_shows_counts_and_shares_of_the_true_class():
    figure = confusion(
        np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0]), classes=CLASSES, name="net", threshold=0.5
    )
    assert min(rendered(figure)) > 50
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert cells == ["3\n75% of benign", "1\n25% of benign", "1\n50% of melanoma", "1\n50% of melanoma"]


def test_a_confusion_matrix_without_one_class_shows_zero_rather_than_failing():
    figure = confusion(np.zeros(3, int), np.zeros(3, int), classes=CLASSES, name="net", threshold=0.5)
    assert figure.axes[0].texts[2].get_text() == "0\n0% of melanoma"
