import numpy as np

from nevus.plots.precision_recall import precision_recall
from nevus.plots.ranking import Band, Entry
from tests.plots.rendering import rendered

LABELS = np.array([0, 0, 0, 1])
SCORE = (0.75, 0.6, 0.9)


def test_chance_is_the_share_of_the_class_and_every_method_has_its_average_precision():
    entries = [Entry(name, role, LABELS, np.array([0.1, 0.6, 0.4, 0.9]), SCORE) for name, role in (("net", "method"),)]
    entries.append(Entry("majority", "floor", LABELS, np.full(4, 0.5), (0.25, 0.25, 0.25)))
    grid = np.array([0.1, 1.0])
    figure = precision_recall(entries, Band(grid, grid / 2, grid), title="a", positive="melanoma", confidence=0.95)
    assert min(rendered(figure)) > 100
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert lines["chance"].get_ydata()[0] == 0.25
    assert {"net: 0.75 (0.60 to 0.90)", "majority: 0.25 (0.25 to 0.25)"} <= set(lines)
    assert lines["majority: 0.25 (0.25 to 0.25)"].get_linestyle() == "--"


def test_classes_of_unequal_shares_have_no_chance_in_common():
    entries = [Entry(f"{n}", "class", (np.arange(4) < n).astype(int), np.linspace(1, 0, 4), SCORE) for n in (1, 2)]
    figure = precision_recall(entries, None, title="a", positive="the class's", confidence=0.95)
    assert "chance" not in [line.get_label() for line in figure.axes[0].lines]
