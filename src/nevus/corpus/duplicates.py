"""Images that are in a corpus twice: byte by byte, or recompressed, resized, turned or mirrored."""

import logging
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nevus.contracts import DUPLICATE_COLUMNS, Corpus, Pixels, Table
from nevus.corpus.options import DuplicateOptions
from nevus.corpus.phash import symmetric_hashes
from nevus.corpus.similar import Pairs, similar_pairs
from nevus.corpus.thumbnails import thumbnails

ALL_PAIRS = 64  # copies of one file of which every pair is listed; of more, each with the first

Indices = NDArray[np.int64]

logger = logging.getLogger(__name__)


def find_duplicates(corpus: Corpus, options: DuplicateOptions) -> Table:
    """List pairs of images that are one, within and across splits.

    Exact are files of equal bytes. Near are images whose thumbnails (see `thumbnails`) correlate and whose perceptual
    hashes agree in the same symmetry of the square; an image without any detail is near to none.

    Args:
        corpus: Images of one size.
        options: How alike is near.

    Returns:
        Columns as in `DUPLICATE_COLUMNS`, exact pairs first, then near ones by falling correlation; `image_id` comes
        before `other_id` in the manifest. When there are more near pairs than `max_pairs`, a warning is logged.
    """
    contents = pd.factorize(corpus.manifest["sha256"])[0].astype(np.int64)
    tables = [_table(corpus.manifest, _exact_pairs(contents), "exact")]
    if options.correlation is not None:
        tables.append(_table(corpus.manifest, _near_pairs(corpus, contents, options.correlation, options), "near"))
    return pd.concat(tables, ignore_index=True)


def _exact_pairs(contents: Indices) -> Pairs:
    pairs: list[tuple[int, int]] = []
    for copies in pd.Series(contents).groupby(contents, sort=False).indices.values():
        rows = np.asarray(copies).tolist()
        pairs += combinations(rows, 2) if len(rows) <= ALL_PAIRS else [(rows[0], row) for row in rows[1:]]
    first, second = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return Pairs(first, second, np.ones(len(first)), np.zeros(len(first), dtype=np.int64))


def _near_pairs(corpus: Corpus, contents: Indices, correlation: float, options: DuplicateOptions) -> Pairs:
    copied = pd.Series(contents).duplicated().to_numpy() & (np.bincount(contents)[contents] > ALL_PAIRS)
    kept = np.flatnonzero(~copied)
    rows = corpus.manifest["row"].to_numpy(dtype=np.int64)[kept]
    # exact pairs are alike too: room for them, since they are taken out again
    limit = options.max_pairs + len(_exact_pairs(contents[kept]).first)
    found, more = similar_pairs(
        thumbnails(corpus.pixels, rows), least=correlation, block=options.block, max_pairs=limit
    )
    if more:
        logger.warning(
            "There are more than %d near-duplicates; only the most alike are listed. If these images all look alike, "
            "raise duplicates.correlation or set it to null in conf/base/parameters/duplicates.yml.",
            options.max_pairs,
        )
    near = found.take(contents[kept[found.first]] != contents[kept[found.second]])
    near = near.take(_hash_distances(corpus.pixels, rows, near) <= options.hash_bits)
    return near._replace(first=kept[near.first], second=kept[near.second])


def _hash_distances(pixels: Pixels, rows: Indices, pairs: Pairs) -> NDArray[np.int64]:
    """(P,) bits in which the hashes of the first and of the turned second differ."""
    needed, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    hashes = symmetric_hashes(pixels, rows[needed])
    first, second = places.reshape(2, -1)
    distances: NDArray[np.int64] = np.bitwise_count(hashes[first, 0] ^ hashes[second, pairs.symmetry]).astype(np.int64)
    return distances


def _table(manifest: Table, pairs: Pairs, kind: str) -> Table:
    ids = manifest["image_id"].to_numpy(dtype=object)
    columns = {
        "image_id": pd.array(ids[pairs.first], dtype="str"),
        "other_id": pd.array(ids[pairs.second], dtype="str"),
        "kind": pd.array(np.full(len(pairs.first), kind, dtype=object), dtype="str"),
        "correlation": pairs.correlation,
        "transform": pairs.symmetry,
    }
    return pd.DataFrame(columns, columns=list(DUPLICATE_COLUMNS))
