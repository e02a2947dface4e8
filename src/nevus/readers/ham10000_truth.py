"""HAM10000 as the training set of ISIC 2018, task 3: one-hot ground truth in place of its own table."""

import logging
from collections.abc import Sequence

import pandas as pd

from nevus.contracts import Source, Table
from nevus.readers.isic_files import with_bare_ids
from nevus.readers.one_hot import part_one_hot
from nevus.readers.tables import find_table, find_tables, read_table

TRUTH = ("ISIC2018_Task3_Training_GroundTruth.csv", "GroundTruth.csv")  # the second in copies of it
LESIONS = ("ISIC2018_Task3_Training_LesionGroupings.csv",)
DIAGNOSES = ("MEL", "NV", "BCC", "AKIEC", "BKL", "DF", "VASC")
CONFIRMATION = "diagnosis_confirm_type"
CONFIRMED_BY = {
    "histopathology": "histo",
    "serial imaging showing no change": "follow_up",
    "single image expert consensus": "consensus",
    "confocal microscopy with consensus dermoscopy": "confocal",
}

logger = logging.getLogger(__name__)


def read_truth(source: Source, names: Sequence[str]) -> tuple[Table, Table, list[str]]:
    """Read the one-hot ground truth and, where it is there, which images are of one lesion.

    Args:
        source: Where the tables lie.
        names: Its files; one of them is `TRUTH`.

    Returns:
        Rows with `image_id`, `dx` as HAM10000 spells it, and `lesion_id` and `dx_type`, null where they are not known;
        quarantine rows without exactly one diagnosis; the names of the tables read.

    Raises:
        SourceError: A table is there twice or cannot be read.
    """
    truth = find_table(names, *TRUTH)
    table = read_table(source, truth, required=("image", *DIAGNOSES))
    table = with_bare_ids(table.rename(columns={"image": "image_id"}), truth)
    table, aside = part_one_hot(table, DIAGNOSES, key="image_id")
    table = table.assign(dx=table["dx"].str.lower())
    if not find_tables(names, *LESIONS):
        logger.warning(
            "%s names no lesions, and there is no %s: nothing keeps images of one lesion on one side of a split.",
            truth,
            LESIONS[0],
        )
        return table.assign(lesion_id=None, dx_type=None), aside, [truth]
    name = find_table(names, *LESIONS)
    lesions = read_table(source, name, required=("image", "lesion_id"), optional=(CONFIRMATION,))
    known = pd.DataFrame(
        {
            "image_id": lesions["image"],
            "lesion_id": lesions["lesion_id"],
            "dx_type": lesions[CONFIRMATION].str.lower().replace(CONFIRMED_BY),
        }
    )
    known = with_bare_ids(known, name).drop_duplicates()
    return table.merge(known, on="image_id", how="left"), aside, [truth, name]
