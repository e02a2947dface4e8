"""Labels that are likely wrong, by what networks said that had not learnt from them: by cleanlab."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rank_labels(labels: NDArray[Any], probabilities: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Say how likely each label is, and which are probably wrong (confident learning, arXiv:1911.00068).

    Args:
        labels: (n,), 0 to K - 1, as given.
        probabilities: (n, K), of images that did not train. The better calibrated they are, the better is the number of
            labels suspected.

    Returns:
        Quality (n,), the probability of the given label, from 0 (surely wrong) to 1; and (n,), whether a label is
        suspected: of each class as many, of the least quality, as are estimated to be wrong.

    Raises:
        CorpusError: There is no image of a class, or a probability is no number from 0 to 1.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    from nevus.metrics.recalibration import require_fit

    require_fit(labels, probabilities)
    said = np.asarray(probabilities, dtype=np.float64)
    quality: NDArray[np.float64] = get_label_quality_scores(labels, said, method="self_confidence")
    suspected: NDArray[np.bool_] = find_label_issues(labels, said, filter_by="prune_by_noise_rate", n_jobs=1)
    return quality, suspected
