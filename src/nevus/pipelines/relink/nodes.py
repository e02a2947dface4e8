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


def drop_siblings(matches: Table, assignment: Table, predictions: Table, options: RelinkParams) -> Table:
    """Keep the predictions of test images that have no known sibling among the images that train or choose.

    Args:
        matches: From `relink_images`.
        assignment: The split of each image.
        predictions: Of a run, as in `PREDICTION_COLUMNS`.
        options: How many training images may be without a lesion.

    Returns:
        The rows of test images whose lesion is known and has no image in another split; `group_id` is that lesion, so
        that intervals are over lesions.

    Raises:
        CorpusError: The splits are not those of the run, too many training images have no known lesion, or no test
            image is left.
    """
    from nevus.contracts import CorpusError

    more = "Relink to more of the originals (relink_originals in the catalog)"
    lesions = matches.set_index("image_id")["group_id"].dropna()
    scored = set(predictions.loc[predictions["split"] == "test", "image_id"])
    if scored != set(assignment.loc[assignment["split"] == "test", "image_id"]):
        raise CorpusError(
            f"The predictions are of {len(scored):,} test images, and the splits were changed since: now "
            f"{int((assignment['split'] == 'test').sum()):,} others are the test. Train again, or ingest with the "
            "parameters of the training."
        )
    trains = assignment.loc[assignment["split"].notna() & (assignment["split"] != "test"), "image_id"]
    unknown = int((~trains.isin(lesions.index)).sum())
    if unknown > options.max_unknown_share * len(trains):
        raise CorpusError(
            f"Of {len(trains):,} images that train or choose, {unknown:,} have no known lesion, and each of them may "
            f"be a sibling of a test image; relink.max_unknown_share allows {options.max_unknown_share:g}. {more}, or "
            "raise it in conf/base/parameters/relink.yml and call the scores those without a known sibling."
        )
    siblings = set(lesions.reindex(trains).dropna())
    own = predictions["image_id"].map(lesions)
    alone = own.notna() & ~own.isin(siblings)
    if not alone.any():
        raise CorpusError(
            f"Of {len(predictions):,} test images {int(own.notna().sum()):,} have a known lesion, and none of these is "
            f"without a sibling in training. {more}."
        )
    _log.info(
        "Of %s test images, %s have a known lesion, and %s of these no known sibling in training, where %s images have "
        "no known lesion",
        *(f"{count:,}" for count in (len(predictions), int(own.notna().sum()), int(alone.sum()), unknown)),
    )
    return predictions.assign(group_id=own)[alone].reset_index(drop=True)
