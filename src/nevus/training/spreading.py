"""Label spreading on features: labels go from neighbour to neighbour, and nothing is trained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def spread_labels(
    labeled: NDArray[np.float32],
    labels: NDArray[np.int64],
    unlabeled: NDArray[np.float32],
    *,
    classes: int,
    neighbours: int,
    alpha: float,
) -> NDArray[np.float64]:
    """Give images without labels those of their neighbours (Zhou et al., NIPS 2003, section 2).

    Neighbours are those whose features, less the mean of all, point most nearly the same way.

    Args:
        labeled: (L, F) features.
        labels: (L,) their classes, each at least once.
        unlabeled: (U, F) features.
        classes: K.
        neighbours: Images that one listens to.
        alpha: Between 0 and 1: how much an image listens to them rather than to its own label.

    Returns:
        (U, K), rows adding up to 1; the shares of the classes among the labelled images where no label arrives.
    """
    from sklearn.neighbors import kneighbors_graph
    from sklearn.semi_supervised import LabelSpreading

    number = min(neighbours, len(labeled) + len(unlabeled) - 1)

    def affinity(features: Any, _: Any) -> Any:
        """Both listen where one is a neighbour of the other; else some are heard by none."""
        graph = kneighbors_graph(features, number)
        return graph.maximum(graph.T)

    features = np.concatenate([labeled, unlabeled])
    features -= features.mean(axis=0)
    features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    known = np.concatenate([labels, np.full(len(unlabeled), -1)])
    model = LabelSpreading(kernel=affinity, alpha=alpha, max_iter=1000).fit(features, known)
    spread: NDArray[np.float64] = model.label_distributions_[len(labeled) :]
    total = spread.sum(axis=1, keepdims=True)
    usual = np.bincount(labels, minlength=classes) / len(labels)
    return np.where(total > 0, spread / np.maximum(total, 1e-300), usual)
