from pathlib import Path

import pytest

from nevus.networks_page import networks_reference, row
from tests.networks.presets import GAME, PRESETS, preset

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "networks.md"


def test_the_page_of_the_networks_is_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert page == networks_reference(PRESETS, **GAME), "run `kedro networks-reference` and commit the page"


@pytest.mark.parametrize(
    ("changes", "costs"),
    [
        ({"width": 4, "depth": 6}, "| - | - |"),  # too small at 32 pixels
        ({"width": 4, "depth": 6, "resize": 128}, "| 128 |"),
    ],
)
def test_a_network_that_cannot_see_small_images_has_costs_where_it_can(changes, costs):
    found = row("mine", preset("residual", **changes))
    assert costs in found
    assert found.count(" - ") == (2 if "resize" not in changes else 0)
