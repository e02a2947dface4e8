"""Why files and rows are set aside: the kinds of reasons, whether each loses an image, and what helps.

A reason is a text such as "equal copy of another file: a/1.jpg": the kind, a colon, and what is particular to the file.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from nevus.contracts import SourceError, Table


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


class SetAsideError(SourceError):
    """A source cannot give a file, for a reason of a known kind.

    Attributes:
        kind: That kind.
        reason: The kind and what is particular to the file. The error's text adds the advice.
    """

    def __init__(self, kind: Kind, particular: str) -> None:
        self.kind, self.reason = kind, kind.of(particular)
        super().__init__(f"{self.reason}. {kind.advice}")

    def __reduce__(self) -> tuple[type["SetAsideError"], tuple[Kind, str]]:
        return SetAsideError, (self.kind, self.reason.removeprefix(f"{self.kind.said}: "))


EQUAL_COPY = Kind("equal copy of another file", is_loss=False)
COMPANION = Kind("companion of the images by its name", is_loss=False)
BESIDE = Kind("text, table or program beside the images", is_loss=False)
LFS_POINTER = Kind(
    "Git LFS pointer instead of the file", "Fetch the files themselves: run `git lfs pull` where they lie."
)
EMPTY = Kind("file is empty", "The copy or the download broke off: fetch the files again.")
ZEROS = Kind("file of nothing but zero bytes", "The copy or the download broke off: fetch the files again.")
WEB_PAGE = Kind(
    "web page or message of a server instead of the file",
    "The download failed, and its answer was saved: open one of them in a browser to see why, and fetch them again.",
)
ANNEX_POINTER = Kind(
    "git-annex pointer instead of the file", "Fetch the files themselves: run `git annex get .` there."
)
LOST_LINK = Kind(
    "link that leads nowhere",
    "Copy the files that the links lead to into their place, such as by `cp -rL` where they still lead somewhere.",
)
NOT_ALLOWED = Kind(
    "file may not be read",
    "Let this user read them, such as by their owner's `chmod -R a+rX .` in the folder of the data.",
)
NOT_UNPACKED = Kind(
    "cannot be unpacked in place",
    "Unpack the archive, such as by `7z x` (with its password, if it has one), and give the folder as the source.",
)
ALIAS = Kind("shortcut or alias instead of the file", "Copy the files that they lead to.")
HEIC = Kind("HEIC photograph, which is not read", "Convert them, such as by `magick mogrify -format jpg *.heic`.")
DICOM = Kind("DICOM file, which is not read", "Convert them, such as by `dcmj2pnm +oj image.dcm image.jpg` of DCMTK.")
RAW = Kind(
    "camera's raw file, which is not read", "Convert them, such as by `darktable-cli image.cr2 image.jpg` or dcraw."
)
OTHER_FORMAT = Kind(
    "image of a format that this reader does not take",
    "Convert them, such as by `magick mogrify -format png *.tif`, if the same images are not there as JPEG or PNG.",
)
ARCHIVE = Kind("archive instead of the file", "Unpack it, and put what is in it into its place.")
NO_UTF8 = Kind(
    "name is not valid UTF-8", "Rename the files, such as by `convmv -f latin1 -t utf8 -r --notest .` in their folder."
)
LEADS_OUT = Kind(
    "name leads out of the archive",
    "Unpack the archive, such as by `unzip`, which leaves such parts of names out, and give the folder.",
)
BACKSLASH = Kind(
    "backslash in the file name",
    "An archive of Windows was unpacked into one folder. Name the zip itself as the source, which is read in place, or "
    "unpack it again by `unzip`.",
)
UNKNOWN_FOLDER = Kind(
    "unknown folder",
    "Rename the folder to the split that it is, such as train, validation, test or unlabeled, or move it out.",
)
NO_CLASS_IN_TRAIN = Kind(
    "class without an image in train", "Name the class folders of every split as in train, to the letter."
)

UNREADABLE = "Fetch these files again from where they came: they are damaged, or no images."
NO_FILE = "Put the images into the source; where only a part of them is wanted, shorten the table to it."
NO_ROW = "Add the missing rows to the table, or move images that are not wanted out of the source."
WRONG_ROW = "Correct these rows in the table."
WRONG_NAME = "Rename these files, or move them out of the source."
NOT_WANTED = "Move these files out of the source: no image is read from them."

SEVERAL_FILES = Kind("several different files of one id", "Keep the right file of each id and move the others away.")
AMBIGUOUS = Kind(
    "several files fit the row",
    "Write more of the path into the table, so that one file fits, or move the others away.",
)
NOT_ONE_HOT = Kind(
    "row without exactly one diagnosis", "Correct the ground truth: each row has 1 in one column and 0 in the others."
)
TORN_DIAGNOSIS = Kind("contradicting diagnoses", "Correct the table, or take the wrong column out of it.")
_OTHERS = (
    Kind(
        "not an image by its suffix",
        "Give images among these files the suffix of their format, such as .jpg; move the others out of the source.",
    ),
    Kind("not a file of the competition", NOT_WANTED),
    Kind(
        "archive inside the source",
        "Unpack the archives inside the source (and the source, if it is one), take them away, and give the folder.",
    ),
    *(
        Kind(said, UNREADABLE)
        for said in (
            "image is damaged",
            "image is truncated",
            "content is in no known image format",
            "cannot be read from the source",
            "metadata would unpack to too much",
            "record is lost with its shard",
            "rest of the shard is lost",
            "shard cannot be read",
            "shard is empty",
            "shard is damaged behind its last record",
            "not as many records as the name says",
            "not a TFRecord file, or damaged from its first record on",
            "wrong checksum of the data of a record",
            "record is no tf.train.Example",
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
    *(Kind(said, is_loss=False) for said in ("same table as another file", "second copy of another file")),
    Kind("table mangled by a spreadsheet", "Fetch the original table again.", is_loss=False),
    *(
        Kind(f"row of metadata, {said}", "Correct these rows in the table.", is_loss=False)  # the image stays
        for said in ("wrong image id", "no ground truth for it", "repeated row", "contradicting rows of one image id")
    ),
    Kind("label is no digit", WRONG_ROW),
    Kind("not a file of MNIST by its name", NOT_WANTED),
    Kind("wrong name", WRONG_NAME),
    Kind("in a hidden folder", NOT_WANTED),
    Kind(
        "no class folder",
        "Move these images into a folder of their class; where nobody knows it, call the folder around them unlabeled.",
    ),
    Kind("no diagnosis folder", "Move these images into the folder of their diagnosis."),
    Kind("shard name says no split", "Rename the shards to train*, validation*, unlabeled* or test*."),
    Kind("record is not of this schema", "Give shards of the wanted schema, or choose the reader that fits."),
)

KINDS = {
    kind.said: kind
    for kind in (
        *(EQUAL_COPY, COMPANION, BESIDE, LFS_POINTER, ANNEX_POINTER, EMPTY, ZEROS, WEB_PAGE, ALIAS),
        *(LOST_LINK, NOT_ALLOWED, NOT_UNPACKED),
        *(HEIC, DICOM, RAW, OTHER_FORMAT, ARCHIVE),
        *(NO_UTF8, LEADS_OUT, BACKSLASH, UNKNOWN_FOLDER, NO_CLASS_IN_TRAIN, SEVERAL_FILES, AMBIGUOUS),
        *(NOT_ONE_HOT, TORN_DIAGNOSIS),
        *_OTHERS,
    )
}
UNKNOWN = Kind("", "Repair the data.")


def kind_of(reason: str) -> Kind:
    """The kind of a reason; `UNKNOWN` for one that is not listed."""
    return KINDS.get(reason.partition(":")[0], UNKNOWN)


def is_loss(reason: str) -> bool:
    """Whether an image is lost by this reason."""
    return kind_of(reason).is_loss


def losses(quarantine: Table) -> Table:
    """The rows by which an image is lost."""
    return quarantine[[is_loss(reason) for reason in quarantine["reason"]]]


def advice(reasons: Iterable[str]) -> str:
    """What to do about the commonest kind among these reasons."""
    return kind_of(_commonest(reasons)[0]).advice


def advice_on_files(reasons: Iterable[str]) -> str:
    """The same for a message that has not named the reason: how many files are of the commonest kind, and which."""
    said, count = _commonest(reasons)
    return f"Set aside: {count:,} x {said}. {kind_of(said).advice}"


def _commonest(reasons: Iterable[str]) -> tuple[str, int]:
    (commonest, count), *_ = Counter(reason.partition(":")[0] for reason in reasons).most_common(1) or [("", 0)]
    return commonest, count
