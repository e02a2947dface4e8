"""What a saved classifier says about its network, and how older files are understood.

Yesterday's file loads tomorrow: a change in what a file says raises `VERSION` and gets a step in `upgrade`; a setting
that a kind of network gains later gets a line in `ADDED`.
"""

from collections.abc import Mapping
from typing import Any

from nevus.contracts import NevusError

VERSION = 3
# By kind of network: settings that came after the first files, and the value that does what was done before.
ADDED: dict[str, dict[str, Any]] = {
    "residual": {"normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0},
    "plain": {"normalisation": "none", "resize": None, "colour": "none", "gamma": 1.0},
}


def upgrade(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the spec of a saved classifier to the present version.

    Version 1 had no number, and `architecture` for `kind`.

    Args:
        spec: As saved, of one network: `network`, `size`, `classes`, `average_d4`, since version 2 `version` and
            `requirements`, and since version 3 perhaps `metadata`.

    Returns:
        A new spec of the present version.

    Raises:
        NevusError: It was saved by a later version.
    """
    version = spec.get("version", 1)
    if version > VERSION:
        raise NevusError(
            f"the classifier was saved in version {version} of its format, and this nevus reads versions up to "
            f"{VERSION}. Update nevus."
        )
    network = dict(spec["network"])
    if "architecture" in network:
        network["kind"] = network.pop("architecture")
    added = ADDED.get(network.get("kind", ""), {})
    return {"requirements": [], **spec, "version": VERSION, "network": {**added, **network}}
