import numpy as np
from matplotlib.colors import to_hex

from nevus.plots.ranking import Band, Entry
from nevus.plots.roc import roc
from tests.plots.rendering import rendered

LABELS = np.array([0, 0, 1, 1])


def entry(name, role, probabilities, auc=(0.75, 0.6, 0.9)):
    return Entry(name, role, LABELS, np.array(probabilities), auc)


def test_the_roc_legend_names_every_method_with_its_area_and_interval():
    grid = np.array([0.0, 1.0])
    entries = [
        entry("net", "method", [0.1, 0.6, 0.4, 0.9]),
        entry("plain", "baseline", [0.1, 0.2, 0.8, 0.9], (1.0, 1.0, 1.0)),
        entry("majority", "floor", [0.5] * 4, (0.5, 0.5, 0.5)),
        entry("colour", "floor", [0.1, 0.6, 0.4, 0.9]),
    ]
    band = Band(grid, grid * 0, grid * 0 + 1)
    figure = roc(entries, band, title="a title", question=("benign", "melanoma"), confidence=0.95)
    assert min(rendered(figure)) > 100
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert {
        "net: 0.75 (0.60 to 0.90)",
        "plain: 1.00 (1.00 to 1.00)",
        "majority: 0.50 (0.50 to 0.50)",
        "colour: 0.75 (0.60 to 0.90)",
    } <= set(lines)
    assert lines["majority: 0.50 (0.50 to 0.50)"].get_linestyle() == "--"
    assert lines["net: 0.75 (0.60 to 0.90)"].get_linestyle() == "-"
    assert len({to_hex(line.get_color()) for label, line in lines.items() if ":" in label}) == 4
    np.testing.assert_allclose(lines["net: 0.75 (0.60 to 0.90)"].get_xydata()[-1], [1, 1])


def test_the_curves_of_many_classes_can_be_told_apart():
    entries = [entry(f"class {number}", "class", [0.1, 0.6, 0.4, 0.9]) for number in range(10)]
    figure = roc(entries, None, title="a title", question=("other", "the class's"), confidence=0.95)
    assert min(rendered(figure)) > 100
    drawn = [line for line in figure.axes[0].lines if line.get_label().startswith("class")]
    assert len({(to_hex(line.get_color()), str(line._unscaled_dash_pattern)) for line in drawn}) == 10
    assert "called the class's" in figure.axes[0].get_xlabel()


def test_names_with_dollar_signs_are_no_formulas():
    bad = "$\\x_{$"
    figure = roc([entry(bad, "class", [0.1, 0.6, 0.4, 0.9])], None, title=bad, question=(bad, bad), confidence=0.95)
    assert min(rendered(figure)) > 100
