"""Which original an image was made from, and so which lesion it shows."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import Corpus, CorpusError, Table
from nevus.corpus.options import RelinkOptions
from nevus.corpus.thumbnails import Floats, correlate, thumbnails

RELINK_COLUMNS = ("image_id", "group_id", "other_id", "correlation", "margin", "reason")
CANDIDATES = 8  # originals looked at for each image; HAM10000 has at most 6 images of a lesion
PRODUCTS = 1 << 23  # at a time: 32 MB

Indices = NDArray[np.int64]
Scores = NDArray[np.float64]


def relink(copies: Corpus, originals: Corpus, options: RelinkOptions) -> Table:
    """Match images to originals by their thumbnails, one to one, and take over the originals' groups.

    Both corpora are packed whole and squashed to a square, so that the same place is at the same place; turned or
    mirrored copies are not looked for. The best pair is matched first, then the best of what is left. An image whose
    original has gone to a better one takes the next best, where that is good enough by itself.

    Args:
        copies: Images that lost their groups.
        originals: Images with `group_id`; without it, an original is a group of its own.
        options: What is good enough.

    Returns:
        One row an image in the order of the copies: `image_id`; `group_id` and `other_id` (the original's), null where
        there is no match; the `correlation` of the two, or that with the best original where there is no match; the
        `margin` by which it is above that with any original of another group; `reason`, why there is no match.

    Raises:
        CorpusError: No original has a group.
    """
    groups = originals.manifest["group_id"]
    if not groups.notna().any():
        raise CorpusError(
            f"Wanted originals with lesions or patients, but none of the {len(groups)} images has a group_id. "
            "Name the folder of another corpus at relink_originals in conf/base/catalog/relink.yml."
        )
    numbers = pd.factorize(groups.fillna("image " + originals.manifest["image_id"]))[0]
    best, scores = _candidates(_thumbnails(copies), _thumbnails(originals))
    margins = _margins(scores, numbers[best])
    place = _match(best, scores, margins, options)
    return _table(copies.manifest, originals.manifest, best, scores, margins, place, options)


def summarise(manifest: Table, matches: Table) -> Table:
    """Count what was matched in each split, and what shares its lesion with another split.

    Args:
        manifest: Of the images, with `image_id` and `split`.
        matches: From `relink`.

    Returns:
        One row a split: `split`, `images`, `matched`, `lesions`, `shared` (matched images whose lesion is in another
        split too), `correlation` and `margin` (medians of the matched).
    """
    table = matches.assign(split=manifest.set_index("image_id")["split"].reindex(matches["image_id"]).to_numpy())
    table["matched"] = table["other_id"].notna()
    table["shared"] = table.groupby("group_id")["split"].transform("nunique").fillna(0) > 1
    table[["correlation", "margin"]] = table[["correlation", "margin"]].where(table["matched"])
    return (
        table.groupby("split", sort=False)
        .agg(
            images=("image_id", "size"),
            matched=("matched", "sum"),
            lesions=("group_id", "nunique"),
            shared=("shared", "sum"),
            correlation=("correlation", "median"),
            margin=("margin", "median"),
        )
        .reset_index()
    )


def _thumbnails(corpus: Corpus) -> Floats:
    return thumbnails(corpus.pixels, corpus.manifest["row"].to_numpy(dtype=np.int64))


def _candidates(copies: Floats, originals: Floats) -> tuple[Indices, Scores]:
    """(N, k) positions of the best originals and their correlations, falling."""
    kept = min(CANDIDATES, len(originals))
    best = np.empty((len(copies), kept), dtype=np.int64)
    scores = np.empty((len(copies), kept))
    across = np.ascontiguousarray(originals.reshape(len(originals), -1).T)
    step = max(1, PRODUCTS // len(originals))
    for start in range(0, len(copies), step):
        part = copies[start : start + step]
        products = part.reshape(len(part), -1) @ across
        found = np.sort(np.argpartition(products, -kept, axis=1)[:, -kept:], axis=1)
        exact = np.column_stack([correlate(part, originals[column]) for column in found.T])
        order = np.argsort(-exact, axis=1, kind="stable")
        best[start : start + step] = np.take_along_axis(found, order, axis=1)
        scores[start : start + step] = np.take_along_axis(exact, order, axis=1)
    return best, scores


def _margins(scores: Scores, groups: Indices) -> Scores:
    """(N, k): each correlation less the best with another group, or the last, if all are of one group."""
    margins = np.empty_like(scores)
    for column in range(scores.shape[1]):
        others = groups != groups[:, [column]]
        rival = np.where(others, scores, -np.inf).max(axis=1)
        floor = scores[:, -1] if scores.shape[1] == CANDIDATES else np.zeros(len(scores))
        margins[:, column] = scores[:, column] - np.where(np.isfinite(rival), rival, floor)
    return margins


def _match(best: Indices, scores: Scores, margins: Scores, options: RelinkOptions) -> Indices:
    """(N,) which of its candidates each image gets, or -1."""
    place = np.full(len(best), -1, dtype=np.int64)
    taken: set[int] = set()
    image, rank = np.nonzero((scores >= options.correlation) & (margins >= options.margin))
    for pair in np.lexsort((rank, image, -scores[image, rank])):
        row, column = int(image[pair]), int(rank[pair])
        original = int(best[row, column])
        if place[row] < 0 and original not in taken:
            place[row] = column
            taken.add(original)
    return place


def _table(
    copies: Table,
    originals: Table,
    best: Indices,
    scores: Scores,
    margins: Scores,
    place: Indices,
    options: RelinkOptions,
) -> Table:
    rows, column, matched = np.arange(len(place)), place.clip(0), place >= 0
    other = best[rows, column]
    ids, groups = (originals[name].to_numpy(dtype=object) for name in ("image_id", "group_id"))
    score, margin = scores[rows, column], margins[rows, column].round(6)
    columns: dict[str, Any] = {
        "image_id": copies["image_id"].to_numpy(dtype=object),
        "group_id": np.where(matched, groups[other], None),
        "other_id": np.where(matched, ids[other], None),
        "correlation": score,
        "margin": margin,
        "reason": [
            None if found else _reason(str(ids[original]), one, above, options)
            for found, original, one, above in zip(matched, other, score, margin, strict=True)
        ],
    }
    text = dict.fromkeys(("image_id", "group_id", "other_id", "reason"), "str")
    return pd.DataFrame(columns, columns=list(RELINK_COLUMNS)).astype(text)


def _reason(original: str, score: float, margin: float, options: RelinkOptions) -> str:
    if score < options.correlation:
        return f"no original is alike enough: the best is {original}"
    if margin < options.margin:
        return f"originals of two lesions are about as alike: the best is {original}"
    return f"the original went to an image more like it: {original}"
