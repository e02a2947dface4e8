"""Images that are in a corpus twice: the same, or recompressed, resized, turned or mirrored."""

import hashlib
import logging
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nevus.contracts import DUPLICATE_COLUMNS, Corpus, Pixels, Table
from nevus.corpus.options import DuplicateOptions
from nevus.corpus.padding_bars import Indices, of_pictures, picture_boxes
from nevus.corpus.phash import symmetric_hashes
from nevus.corpus.resize import Policy
from nevus.corpus.similar import Pairs, similar_pairs
from nevus.corpus.thumbnails import thumbnails

ALL_PAIRS = 64  # copies of one image of which every pair is listed; of more, each with the first
AT_ONCE = 1 << 24  # bytes of pixels read together

logger = logging.getLogger(__name__)


def find_duplicates(corpus: Corpus, options: DuplicateOptions, *, resize: Policy) -> Table:
    """List pairs of images that are one, within and across splits.

    Exact are files of equal bytes and images whose packed pixels are equal (the same file saved anew without loss, or
    without its metadata), unless all their pixels have one colour. Near are images whose thumbnails (see `thumbnails`)
    correlate and whose perceptual hashes agree in the same symmetry of the square; an image without any detail is near
    to none. The bars of padded images are cut off before: they would make all images of one shape alike.

    Args:
        corpus: Images of one size.
        options: How alike is near.
        resize: How the images were brought to that size.

    Returns:
        Columns as in `DUPLICATE_COLUMNS`, exact pairs first, then near ones by falling correlation; `image_id` comes
        before `other_id` in the manifest. When there are more near pairs than `max_pairs`, a warning is logged.
    """
    rows = corpus.manifest["row"].to_numpy(dtype=np.int64)
    boxes = picture_boxes(corpus.manifest, corpus.pixels.shape[1], resize)
    looks = of_pictures(_digests, corpus.pixels, rows, boxes)
    contents = _joined(corpus.manifest["sha256"].to_numpy(dtype=object), looks)
    tables = [_table(corpus.manifest, _exact_pairs(contents), "exact")]
    if options.correlation is not None:
        near = _near_pairs(corpus.pixels, rows, boxes, contents, options.correlation, options)
        tables.append(_table(corpus.manifest, near, "near"))
    return pd.concat(tables, ignore_index=True)


def _digests(pixels: Pixels, rows: Indices) -> NDArray[np.object_]:
    """(n,) equal where the pixels are; of an image of one colour, its own, since such pixels say nothing."""
    digests = np.empty(len(rows), dtype=object)
    step = max(1, AT_ONCE // max(1, int(np.prod(pixels.shape[1:]))))
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        for place, image in enumerate(pixels[some], start):
            flat = bool((image == image[0, 0]).all())
            shape = f"{image.shape}".encode()  # else the same bytes in other lines would do
            digests[place] = rows[place] if flat else hashlib.blake2b(shape + image.tobytes(), digest_size=16).digest()
    return digests


def _joined(files: NDArray[np.object_], looks: NDArray[np.object_]) -> Indices:
    """(N,) numbers; images have the same where files or looks are equal, or a chain of such images joins them."""
    if not len(files):
        return np.zeros(0, dtype=np.int64)
    file, look = (pd.factorize(values)[0] for values in (files, looks))
    size = int(file.max() + look.max()) + 2
    edges = coo_array((np.ones(len(file)), (file, look + file.max() + 1)), shape=(size, size))
    numbers: Indices = pd.factorize(connected_components(edges, directed=False)[1][file])[0].astype(np.int64)
    return numbers


def _exact_pairs(contents: Indices) -> Pairs:
    pairs: list[tuple[int, int]] = []
    for copies in pd.Series(contents).groupby(contents, sort=False).indices.values():
        rows = np.asarray(copies).tolist()
        pairs += combinations(rows, 2) if len(rows) <= ALL_PAIRS else [(rows[0], row) for row in rows[1:]]
    first, second = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return Pairs(first, second, np.ones(len(first)), np.zeros(len(first), dtype=np.int64))


def _near_pairs(
    pixels: Pixels, rows: Indices, boxes: Indices, contents: Indices, correlation: float, options: DuplicateOptions
) -> Pairs:
    copied = pd.Series(contents).duplicated().to_numpy() & (np.bincount(contents)[contents] > ALL_PAIRS)
    kept = np.flatnonzero(~copied)
    # exact pairs are alike too: room for them, since they are taken out again
    limit = options.max_pairs + len(_exact_pairs(contents[kept]).first)
    small = of_pictures(thumbnails, pixels, rows[kept], boxes[kept])
    found, more = similar_pairs(small, least=correlation, block=options.block, max_pairs=limit)
    if more:
        logger.warning(
            "There are more than %d near-duplicates; only the most alike are listed. If these images all look alike, "
            "raise duplicates.correlation or set it to null in conf/base/parameters/duplicates.yml.",
            options.max_pairs,
        )
    near = found.take(contents[kept[found.first]] != contents[kept[found.second]])
    near = near._replace(first=kept[near.first], second=kept[near.second])
    return near.take(_hash_distances(pixels, rows, boxes, near) <= options.hash_bits)


def _hash_distances(pixels: Pixels, rows: Indices, boxes: Indices, pairs: Pairs) -> NDArray[np.int64]:
    """(P,) bits in which the hashes of the first and of the turned second differ."""
    needed, places = np.unique(np.concatenate([pairs.first, pairs.second]), return_inverse=True)
    hashes = of_pictures(symmetric_hashes, pixels, rows[needed], boxes[needed])
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
