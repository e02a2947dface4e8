"""Labels that were flipped on purpose are found."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nevus.contracts import CorpusError
from nevus.corpus.decode import decode
from nevus.metrics.label_errors import rank_labels
from nevus.readers import phantom
from nevus.readers.options import PhantomOptions


def test_labels_of_drawings_that_were_flipped_are_ranked_first():
    """Classes that hardly overlap, so that what is doubted is the label and not the drawing."""
    how = {"labeled": 100, "unlabeled": 4, "test": 4, "unlabeled_melanoma_share": 0.5}
    listing = phantom.read(None, PhantomOptions(seed=0, overlap=0.0, variation=0.0, **how), size=32)
    records = listing.records[listing.records["split"] == "labeled"]
    pixels = decode(listing.source.read(records["file"].tolist()), 32, max_pixels=10_000, resize="squash").pixels
    coarse = pixels.reshape(len(pixels), 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(pixels), -1)
    colours = np.quantile(pixels.reshape(len(pixels), -1, 3), [0.05, 0.5, 0.95], axis=1)
    features = np.concatenate([coarse, *colours], axis=1)
    truth = records["label"].to_numpy(dtype=int)
    flipped = np.zeros(len(truth), dtype=bool)
    flipped[np.random.default_rng(0).choice(len(truth), 20, replace=False)] = True
    given = np.where(flipped, 1 - truth, truth)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    probabilities = cross_val_predict(model, features, given, cv=5, method="predict_proba")

    quality, suspected = rank_labels(given, probabilities)

    assert roc_auc_score(flipped, -quality) >= 0.9
    assert suspected[flipped].mean() > 5 * suspected[~flipped].mean()
    np.testing.assert_allclose(quality, probabilities[np.arange(len(given)), given])


def test_one_class_alone_is_refused():
    with pytest.raises(CorpusError, match="none of class 1"):
        rank_labels(np.zeros(3, int), np.full((3, 2), 0.5))
