"""The networks of `conf/base/parameters/networks.yml`, for the tests of all kinds."""

from pathlib import Path

import yaml

from nevus.networks.build import parse

FILE = Path(__file__).parents[2] / "conf" / "base" / "parameters" / "networks.yml"
PRESETS = yaml.safe_load(FILE.read_text(encoding="utf-8"))["networks"]


def preset(which, **changes):
    """The options of a network of the configuration, changed."""
    return parse({**PRESETS[which], **changes})
