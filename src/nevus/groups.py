"""Which images belong together: those of one lesion or patient, and files of equal bytes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nevus.contracts import Table

_GROUP, _IMAGE = "group ", "image "


def group_keys(manifest: Table) -> NDArray[np.object_]:
    """What must stay together: the group of each image; an image without a group is one of its own.

    Files of equal bytes are one photograph, so they join their groups. Keys of the same image differ between tables
    that hold other copies of it: compare only keys that were made together.

    Args:
        manifest: Rows with `image_id`, `group_id` and, if known, `sha256`.

    Returns:
        (n,) strings; a group and an image of the same name differ.
    """
    named = (_GROUP + manifest["group_id"]).where(manifest["group_id"].notna(), _IMAGE + manifest["image_id"])
    known = manifest["sha256"].notna().to_numpy() if "sha256" in manifest else np.zeros(len(manifest), dtype=bool)
    if not known.any() or not manifest["sha256"][known].duplicated().any():
        return named.to_numpy(dtype=object)
    keys, contents = (pd.factorize(column)[0] for column in (named, manifest["sha256"]))
    size = int(keys.max()) + int(contents.max()) + 2
    edges = coo_array((np.ones(known.sum()), (keys[known], contents[known] + keys.max() + 1)), shape=(size, size))
    joined = connected_components(edges, directed=False)[1][keys]
    return named.groupby(joined).transform("min").to_numpy(dtype=object)


def shared_groups(manifest: Table) -> NDArray[np.object_]:
    """`group_keys` in the shape of a `group_id`, for tables that only say which of their images are not independent.

    Args:
        manifest: As for `group_keys`.

    Returns:
        (n,): the group of each image, under its own name. Where copies join groups, all have the name of one of them;
        copies of unknown group are called `image <id>` after one of them. None where an image without a group is alone.
    """
    keys = pd.Series(group_keys(manifest), dtype=object)
    own = manifest["group_id"].astype("object").where(manifest["group_id"].notna(), None).to_numpy()
    together = keys.duplicated(keep=False).to_numpy()
    names = keys.str.removeprefix(_GROUP).to_numpy(dtype=object)
    return np.array([name if joined else alone for name, joined, alone in zip(names, together, own, strict=True)], "O")
