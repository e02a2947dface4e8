"""The networks of `conf/base/parameters/networks.yml`, for the tests of all kinds."""

from pathlib import Path

import yaml

from nevus.networks.build import parse

FOLDER = Path(__file__).parents[2] / "conf" / "base" / "parameters"


def blocks(which):
    """The named blocks of a group, as its file has them."""
    return yaml.safe_load((FOLDER / f"{which}.yml").read_text(encoding="utf-8"))[which]


PRESETS = blocks("networks")
GAME = {which: blocks(which) for which in ("generators", "critics")}


def preset(which, **changes):
    """The options of a network of the configuration, changed."""
    return parse({**PRESETS[which], **changes})
