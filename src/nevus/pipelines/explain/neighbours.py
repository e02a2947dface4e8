"""The labelled training images that a classifier finds most like another image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nevus.contracts import Classifier, Corpus, Pixels
from nevus.pipelines.explain.answer import Neighbour

if TYPE_CHECKING:
    from torch import nn

    from nevus.training.runtime import Runtime

NOT_HERE = "The images that this model was trained on are not here, or are packed otherwise by now."


def neighbours_of(
    classifier: Classifier,
    pixels: Pixels,
    training_images: Callable[[str], Corpus | None],
    *,
    count: int,
    runtime: Runtime,
) -> dict[str, Any]:
    """Find them in the features before the last layer; of an ensemble by the mean distance over its members.

    Args:
        classifier: Its record says which images trained it: no others are shown as such.
        pixels: (1, S, S, 3) uint8, the other image.
        training_images: From the name of a run to its corpus.
        count: How many are wanted.
        runtime: Device and precision.

    Returns:
        `neighbours` and `typical` of an `Answer`, or why there are none, `no_neighbours`.
    """
    from nevus.corpus.views import select
    from nevus.training.features import embed
    from nevus.training.nearest import nearest

    found = training_images(run_of(classifier.record))
    if found is None or found.fingerprint != classifier.record.get("corpus"):
        return {"no_neighbours": NOT_HERE}
    labeled = select(found, "labeled")
    networks = networks_of(classifier)
    features = [embed(network, labeled.pixels, average_d4=False, runtime=runtime) for network in networks]
    asked = [embed(network, pixels, average_d4=False, runtime=runtime)[0] for network in networks]
    near = nearest(features, asked, count=count)
    rows = labeled.manifest.iloc[near.rows]
    shown = [
        Neighbour(labeled.pixels[int(row)], str(image_id), classifier.spec["classes"][int(label)], float(distance))
        for row, image_id, label, distance in zip(
            near.rows, rows["image_id"], rows["label"], near.distances, strict=True
        )
    ]
    return {"neighbours": shown, "typical": near.typical}


def run_of(record: Any) -> str:
    """The name of the run that made a classifier, such as `supervised-wide/seed0`."""
    variant = f"-{record['variant']}" if record.get("variant") else ""
    return f"{record.get('method', '')}{variant}/seed{record.get('seed', 0)}"


def networks_of(classifier: Classifier) -> list[nn.Module]:
    """The network of a classifier, or those of all members of an ensemble."""
    from nevus.networks.build import restore
    from nevus.pipelines.inference.scoring import without_number

    members = classifier.spec.get("members")
    if not members:
        return [restore(classifier.spec, classifier.weights)]
    parts = [
        Classifier(without_number(classifier.weights, number), spec, classifier.example)
        for number, spec in enumerate(members.values())
    ]
    return [network for part in parts for network in networks_of(part)]
