"""Make features of all packed images."""

from __future__ import annotations

from nevus.contracts import Corpus, Table
from nevus.pipelines.beforehand import checked_by
from nevus.pipelines.features.params import FeaturesParams


def require_weights(options: FeaturesParams) -> None:
    """Refuse weights that cannot be had.

    Raises:
        NevusError: It says which, and what to do.
    """
    from nevus.networks.sources import require_at_hand

    require_at_hand(options)


@checked_by(require_weights)
def embed_images(packed: Corpus, options: FeaturesParams, seed: int) -> Table:
    """Compute the feature vector of every packed image, whatever its split; labels are not looked at.

    Args:
        packed: All images, before splitting.
        options: Which network.
        seed: Of its weights, where they are random.

    Returns:
        One row an image: `image_id`, and float32 columns `0` to `F - 1`.
    """
    import pandas as pd

    from nevus.networks.build import build
    from nevus.networks.pretrained import load_start
    from nevus.training.features import embed
    from nevus.training.runtime import prediction_runtime, seeded

    with seeded(seed):
        network = build(options.network, classes=len(packed.classes), size=packed.pixels.shape[1])
    load_start(network, options.network)
    rows = packed.manifest["row"].to_numpy()
    features = embed(network, packed.pixels, average_d4=options.average_d4, runtime=prediction_runtime(options.device))
    table = pd.DataFrame(features[rows], columns=[str(number) for number in range(features.shape[1])])
    table.insert(0, "image_id", packed.manifest["image_id"].to_numpy())
    return table
