"""From images without lesions to the originals they were made from."""

import logging

from nevus.contracts import Corpus, Table
from nevus.pipelines.relink.params import RelinkParams

_log = logging.getLogger(__name__)


def relink_images(packed: Corpus, originals: Corpus, options: RelinkParams) -> Table:
    """Match each image to its original and give it the original's lesion.

    Args:
        packed: Images without lesions.
        originals: Images with them.
        options: What counts as a match.

    Returns:
        One row an image: `image_id`, `group_id`, `other_id`, `correlation`, `margin`, `reason`.
    """
    from nevus.corpus.relink import relink

    return relink(packed, originals, options)


def summarise_relink(packed: Corpus, matches: Table) -> Table:
    """Count what was matched in each split, and what shares its lesion with another split.

    Args:
        packed: The images, with the splits of the source.
        matches: From `relink_images`.

    Returns:
        One row a split: `split`, `images`, `matched`, `lesions`, `shared` (matched images whose lesion is in another
        split too), `correlation` and `margin` (medians of the matched).
    """
    from nevus.corpus.relink import summarise

    return summarise(packed.manifest, matches)


def drop_siblings(matches: Table, assignment: Table, predictions: Table) -> Table:
    """Keep the predictions of test images that are known to have no sibling among the images that train or choose.

    Args:
        matches: From `relink_images`.
        assignment: The split of each image.
        predictions: Of a run, as in `PREDICTION_COLUMNS`.

    Returns:
        The rows of test images whose lesion is known and has no image in another split; `group_id` is that lesion, so
        that intervals are over lesions.

    Raises:
        CorpusError: No test image is known to be without a sibling.
    """
    from nevus.contracts import CorpusError

    lesions = matches.set_index("image_id")["group_id"].dropna()
    trains = assignment.loc[assignment["split"].notna() & (assignment["split"] != "test"), "image_id"]
    siblings = set(lesions.reindex(trains).dropna())
    own = predictions["image_id"].map(lesions)
    alone = own.notna() & ~own.isin(siblings)
    if not alone.any():
        raise CorpusError(
            f"Of {len(predictions):,} test images {int(own.notna().sum()):,} have a known lesion, and none of these is "
            "without a sibling in training. Relink to more of the originals (relink.originals in the catalog)."
        )
    _log.info(
        "Of %s test images, %s have a known lesion, and %s of these are without a sibling in training",
        *(f"{count:,}" for count in (len(predictions), int(own.notna().sum()), int(alone.sum()))),
    )
    return predictions.assign(group_id=own)[alone].reset_index(drop=True)
