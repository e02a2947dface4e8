"""How well does a method find labels of drawings that were flipped on purpose?

Run by hand: `python tests/benchmarks/label_errors.py supervised`. Drawings, method and folds are those of conf/base; a
share of the labels is flipped at random before the cross-validation. Printed are the area under the ROC curve of the
ranking, for which a flipped label should come before all others, and how many of the flipped are among the suspected.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from nevus.configuration import ConfigLoader
from nevus.contracts import Corpus
from nevus.corpus.decode import decode
from nevus.metrics.label_errors import rank_labels
from nevus.metrics.recalibration import fit_temperature, recalibrated
from nevus.pipelines.calibration.nodes import arrays_of
from nevus.pipelines.cross_validation.nodes import NoCheckpoints, cross_validate
from nevus.pipelines.cross_validation.params import CrossValidationParams
from nevus.pipelines.ingestion.params import IngestionParams
from nevus.pipelines.methods import METHODS
from nevus.readers import phantom
from nevus.settings import CONFIG_LOADER_ARGS


def main(arguments: list[str] | None = None) -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--env", default="base")
    parser.add_argument("--flipped", type=float, default=0.1, help="share of the labels")
    parser.add_argument("--labeled", type=int, help="drawings; as in the configuration where it is not given")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    conf = Path(__file__).resolve().parents[2] / "conf"
    parameters = ConfigLoader(str(conf), env=given.env, **CONFIG_LOADER_ARGS)["parameters"]
    if given.labeled:
        parameters["ingestion"]["phantom"]["labeled"] = given.labeled
    corpus, flipped = mislabelled(parameters["ingestion"], given.flipped, given.seed)
    family = METHODS[given.method].family
    options = CrossValidationParams.model_validate({**parameters["cross_validation"], "methods": [given.method]})
    params = family.params.model_validate(parameters[given.method])
    how: dict[str, Any] = {"method": given.method, "learner_of": family.learner}
    _, table = cross_validate(corpus, params, given.seed, options, NoCheckpoints(), **how)
    table = table.drop_duplicates("image_id").set_index("image_id").loc[corpus.manifest["image_id"]].reset_index()
    labels, probabilities, weights = arrays_of(table)
    quality, suspected = rank_labels(
        labels, recalibrated(probabilities, fit_temperature(labels, probabilities, weights))
    )
    area = roc_auc_score(flipped, -quality)
    print(
        f"{given.method}: {len(labels)} labels, {flipped.sum()} flipped; AUC of the ranking {area:.3f}; "
        f"{suspected.sum()} suspected, {(suspected & flipped).sum()} of them flipped"
    )


def mislabelled(block: Any, share: float, seed: int) -> tuple[Corpus, np.ndarray[Any, Any]]:
    """The labelled drawings with some labels flipped, and which."""
    options = IngestionParams.model_validate(block)
    listing = phantom.read(None, options.phantom, size=options.size)
    records = listing.records[listing.records["split"] == "labeled"].reset_index(drop=True)
    pixels = decode(
        listing.source.read(records["file"].tolist()), options.size, max_pixels=10**6, resize="squash"
    ).pixels
    flipped = np.zeros(len(records), dtype=bool)
    flipped[np.random.default_rng(seed).choice(len(records), round(share * len(records)), replace=False)] = True
    labels = pd.array(np.where(flipped, 1 - records["label"].to_numpy(dtype=int), records["label"]), dtype="Int64")
    manifest = records.assign(label=labels, row=np.arange(len(records)), sha256=None)
    return Corpus(manifest, pixels, "mislabelled drawings"), flipped


if __name__ == "__main__":
    main()
