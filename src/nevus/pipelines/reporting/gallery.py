"""The gallery in words: for readers who do not see it, and on what its heat maps show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nevus.contracts import Table, metadata_read
from nevus.pipelines.reporting.cases import HeatMaps, headed
from nevus.pipelines.reporting.wording import percent

NO_HEAT_MAPS = (
    " There are no heat maps: this run has no network whose last layers keep the height and width of the image."
)
HEAT_MAPS = (
    " Beside each, the same image in grey, brighter where more of it speaks for the class called (Grad-CAM{members}); "
    "the line parts what has more than half of the most evidence in this image. Dark all over: nothing speaks for it. "
    "That shows coarsely where the network found its answer. It does not show why, and no border of a lesion."
)
METADATA = " What {names} add to the probability is not in it."


def alternatives(cases: Table | None, classes: Sequence[str]) -> dict[str, str]:
    """What is read out where the gallery is not seen: how many cases of which kind, and how sure the run is of them."""
    return {} if cases is None else {"gallery": " ".join(_sentences(cases, classes))}


def notes(spec: Mapping[str, Any], heat_maps: HeatMaps | None) -> dict[str, str]:
    """What the heat maps of the gallery show, or why there are none.

    Args:
        spec: `Classifier.spec`.
        heat_maps: (n, H, W); n is 0 where the run has none.
    """
    if heat_maps is None:
        return {}
    if not len(heat_maps):
        return {"gallery": NO_HEAT_MAPS}
    members = f", the mean over {len(spec['members'])} members" if "members" in spec else ""
    read = metadata_read(spec)
    beside = METADATA.format(names=" and ".join(read)) if read else ""
    return {"gallery": HEAT_MAPS.format(members=members) + beside}


def _sentences(cases: Table, classes: Sequence[str]) -> Iterator[str]:
    for heading, chosen in headed(cases, classes):
        if not len(chosen):
            yield f"{heading}: none."
            continue
        most, least = (percent(share) for share in (chosen["probability"].max(), chosen["probability"].min()))
        yield f"{heading}: {len(chosen)} at {most if most == least else f'{most} to {least}'}."
