"""Why files and rows are set aside: the kinds of reasons, whether each loses an image, and what helps.

A reason is a text such as "equal copy of another file: a/1.jpg": the kind, a colon, and what is particular to the file.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nevus.contracts import Table


class Kind(NamedTuple):
    """A kind of reason.

    Attributes:
        said: The beginning of the reason, up to the first colon.
        advice: What to do about it, as a sentence.
        is_loss: Whether an image is lost by it, so that it counts towards `ingestion.max_quarantined_share`.
    """

    said: str
    advice: str = ""
    is_loss: bool = True

    def of(self, particular: str) -> str:
        """The reason for one file."""
        return f"{self.said}: {particular}"


EQUAL_COPY = Kind("equal copy of another file", is_loss=False)
COMPANION = Kind("companion of the images by its name", is_loss=False)
LFS_POINTER = Kind(
    "Git LFS pointer instead of the file", "Fetch the files themselves: run `git lfs pull` where they lie."
)

UNREADABLE = "Fetch these files again from where they came: they are damaged, or no images."
NO_FILE = "Put the images into the source; where only a part of them is wanted, shorten the table to it."
NO_ROW = "Add the missing rows to the table, or move images that are not wanted out of the source."
WRONG_ROW = "Correct these rows in the table."
WRONG_NAME = "Rename these files, or move them out of the source."
LAYOUT = "Move these images into the folders that the layout wants."
NOT_WANTED = "Move these files out of the source: no image is read from them."

SEVERAL_FILES = Kind("several different files of one id", "Keep the right file of each id and move the others away.")
SAME_ID = Kind("same image id as another file", "Rename or move one of each two files, so that every image has its id.")
AMBIGUOUS = Kind(
    "several files fit the row",
    "Write more of the path into the table, so that one file fits, or move the others away.",
)
_OTHERS = (
    Kind("not an image by its suffix", NOT_WANTED),
    Kind("not a file of the competition", NOT_WANTED),
    Kind("archive inside the source", "Unpack the archives inside the source there, and take them away."),
    Kind("name leads out of the archive", "Pack the archive anew, with names relative to one folder."),
    Kind("name is not valid UTF-8", "Rename these files, in letters that UTF-8 knows, and pack the archive anew."),
    *(
        Kind(said, UNREADABLE)
        for said in (
            "image is damaged",
            "image is truncated",
            "file is empty",
            "content is in no known image format",
            "cannot be read from the source",
            "metadata would unpack to too much",
            "record is lost with its shard",
        )
    ),
    Kind("pixel values of unknown range", "Save these images with 8 or 16 bits a channel."),
    Kind("more pixels than ingestion.max_pixels allows", "Raise ingestion.max_pixels, or scale these images down."),
    Kind("more pixels than Pillow allows", "Scale these images down."),
    *(Kind(said, NO_FILE) for said in ("no such file", "row without a file", "path leads out of the source")),
    *(Kind(said, NO_ROW) for said in ("no row of the table names it", "file without a row")),
    *(
        Kind(said, WRONG_ROW)
        for said in (
            "row names no file",
            "row names no split",
            "row has no image id",
            "row has no label, but its split needs one",
            "row without image_name",
            "rows about one file disagree on its label, split or group",
            "same image id as another row",
            "same image id with both targets",
            "same image id with two patients",
            "contradicting rows of one image id",
            "contradicting labels",
            "target and benign_malignant contradict each other",
            "wrong image id",
            "wrong lesion id",
            "target must be 0 or 1",
            "unknown dx",
            "unknown dx_type",
        )
    ),
    *(Kind(said, is_loss=False) for said in ("repeated row", "another row names the same file")),
    Kind("unknown label", "Say what these labels mean (for a table: ingestion.table.labels), or correct the table."),
    Kind("unknown split", "Say what these splits mean (for a table: ingestion.table.splits), or correct the table."),
    Kind("wrong name", WRONG_NAME),
    Kind("in a hidden folder", NOT_WANTED),
    *(Kind(said, LAYOUT) for said in ("unknown folder", "no class folder", "no diagnosis folder")),
    Kind("class without an image in train", "Give train/ the same class folders as the other splits."),
    Kind("shard name says no split", "Rename the shards to train*, validation*, unlabeled* or test*."),
    Kind("record is not of this schema", "Give shards of the wanted schema, or choose the reader that fits."),
)

KINDS = {kind.said: kind for kind in (EQUAL_COPY, COMPANION, LFS_POINTER, SEVERAL_FILES, SAME_ID, AMBIGUOUS, *_OTHERS)}
UNKNOWN = Kind("", "Repair the data.")


def kind_of(reason: str) -> Kind:
    """The kind of a reason; `UNKNOWN` for one that is not listed."""
    return KINDS.get(reason.partition(":")[0], UNKNOWN)


def losses(quarantine: Table) -> Table:
    """The rows by which an image is lost."""
    return quarantine[[kind_of(reason).is_loss for reason in quarantine["reason"]]]


def advice(reasons: Iterable[str]) -> str:
    """What to do about the commonest kind among these reasons."""
    (commonest, _), *_ = Counter(reason.partition(":")[0] for reason in reasons).most_common(1) or [("", 0)]
    return kind_of(commonest).advice
