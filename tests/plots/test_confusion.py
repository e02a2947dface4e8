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


def test_many_classes_are_named_on_both_axes_and_the_likeliest_was_called():
    names = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    labels = np.arange(7)
    figure = confusion(labels, np.roll(labels, 1), classes=names, name="net", threshold=0.5)
    assert min(rendered(figure)) > 100
    axes = figure.axes[0]
    assert len(axes.texts) == 49
    assert axes.texts[6].get_text() == "1\n100%"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(names)
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list(names)
    assert "the likeliest class" in axes.get_title(loc="left")


def test_names_with_dollar_signs_are_no_formulas():
    for count in (2, 3):
        bad = [f"$\\x_{number}{{$" for number in range(count)]
        figure = confusion(np.arange(count), np.arange(count), classes=bad, name=bad[0], threshold=0.5)
        assert min(rendered(figure)) > 50
