"""Every figure that a test here makes must be readable without colours."""

import pytest
from matplotlib.figure import Figure

from tests.plots.readable import require_readable


@pytest.fixture(autouse=True)
def figures(monkeypatch):
    """The figures that a test has made; looked at when it ends."""
    made, begin = [], Figure.__init__

    def noted(self, *args, **options):
        begin(self, *args, **options)
        made.append(self)

    monkeypatch.setattr(Figure, "__init__", noted)
    yield made
    for figure in made:
        require_readable(figure)
