"""Figures belong to who asked for them: pyplot keeps every figure that it makes until it is closed."""

import numpy as np
import pandas as pd
from matplotlib import pyplot

from nevus.plots.confusion import confusion
from nevus.plots.ranking import Entry
from nevus.plots.reliability import reliability
from nevus.plots.roc import roc


def test_no_figure_is_left_with_pyplot():
    before = pyplot.get_fignums()
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    entry = Entry("net", "method", labels, probabilities, (0.75, 0.6, 0.9))
    columns = ["start", "end", "count", "predicted", "observed", "low", "high"]
    table = pd.DataFrame([[0.4, 0.6, 10, 0.5, 0.6, 0.4, 0.8]], columns=columns)
    roc([entry], None, title="a title", question=("a", "b"), confidence=0.95)
    confusion(labels, labels, classes=("a", "b"), name="net", threshold=0.5)
    reliability(table, classes=("a", "b"), name="net", error=0.1, confidence=0.95)
    assert pyplot.get_fignums() == before
