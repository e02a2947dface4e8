"""Which images are written as records."""

import numpy as np
import pandas as pd

from nevus.contracts import Corpus, CorpusError, Table
from nevus.corpus.fingerprint import fingerprint
from nevus.pipelines.tfrecords.params import TfrecordsParams


def assigned(packed: Corpus, assignment: Table, options: TfrecordsParams) -> Corpus:
    """The images that have a split, with that split and label; pixels stay where they are.

    Args:
        packed: All packed images.
        assignment: Columns as in `ASSIGNMENT_COLUMNS`.
        options: Whether unlabelled images count; the fingerprint is of all of them.

    Returns:
        A corpus whose `row` is still the position in the packed pixels.

    Raises:
        CorpusError: The assignment belongs to other images.
    """
    if not np.array_equal(packed.manifest["image_id"], assignment["image_id"]):
        raise CorpusError(
            "The packed images are not those of the assignment, which says what each is for. Make both again by "
            "`kedro run --pipeline=ingestion`."
        )
    manifest = packed.manifest.assign(
        split=assignment["split"].to_numpy(dtype=object), label=assignment["label"].astype("Int64").array
    )
    used = manifest["split"].notna() & (options.unlabeled | (manifest["split"] != "unlabeled"))
    decided = pd.util.hash_pandas_object(manifest[["image_id", "split", "label"]], index=False)
    name = fingerprint(packed.fingerprint, decided.astype(str).tolist(), options.model_dump(exclude={"check"}))
    return packed._replace(manifest=manifest[used].reset_index(drop=True), fingerprint=name)
