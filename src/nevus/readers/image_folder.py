"""Image folders: a folder a split, and in it a folder a class, as torchvision's `ImageFolder` and many Kaggle sets do.

The format has no lesion or patient ids, so nothing can keep images of one lesion on one side of a split.
"""

import logging
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, SPLITS, Listing, Source, SourceError
from nevus.quarantine import NO_CLASS_IN_TRAIN, UNKNOWN_FOLDER
from nevus.readers.companions import IMAGE_FOLDER
from nevus.readers.folder_levels import split_depths
from nevus.readers.layouts import remedy
from nevus.readers.names import Names, listed, set_aside_companions, set_aside_others, sort_names
from nevus.readers.options import ImageFolderOptions
from nevus.readers.same_id import settle, without_nested_copies
from nevus.readers.split_folders import EXAMPLES, split_of

LAYOUT = (
    "train/<class>/<image>, the same in test/ and in validation/ where there are any, and unlabeled/<image>, "
    "all perhaps inside other folders"
)
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "source")
PARAMETER = "ingestion.image_folder.classes in conf/<env>/parameters.yml"

logger = logging.getLogger(__name__)


class _Image(NamedTuple):
    file: str
    split: str
    top: str  # the folder of the split, as written in the source
    folder: str  # of the class; "" where unlabelled
    image_id: str

    @property
    def order(self) -> tuple[int, str]:
        return SPLITS.index(self.split), self.image_id


def read(source: Source | None, options: ImageFolderOptions, *, size: int) -> Listing:
    """List the images of a train/test folder tree.

    The folder of a split has one of many names (`split_folders`); several of one split are read together. Folder names
    are compared without regard to case. Folders around all may have any name, even `train`, and so may a folder
    around all classes of every split that is called images or as the split. A class folder may hold
    folders of any depth; below `unlabeled/` the folders say nothing, and their names are not kept as
    labels. What operating systems leave behind is passed over; every other file that is not an image of this layout is
    quarantined, and so are images of a class without an image in `train/`, since nothing could learn it. Files that
    differ in their suffix or in the folders around all have one id: of equal ones the first is taken.

    Args:
        source: The zip or the folder.
        options: The classes in the order of their labels.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by split and id, with `image_id` such as "train/Benign/melanoma_17" (the path from the split's
        folder on, without the suffix), `label` and `diagnosis` (null if unlabelled), `group_id` (null throughout) and
        `source`; the names of the classes.

    Raises:
        SourceError: There is no source, no image of the layout in `train/`, fewer than two classes, other classes than
            the options name, or classes that bear the names of splits.
    """
    if source is None:
        raise SourceError(f"The reader 'image_folder' needs files ({LAYOUT}), but the catalog names none.")
    names = sort_names(source.names())
    names, copies = without_nested_copies(source, names)
    quarantine = names.refused + copies + set_aside_companions(names.companions) + set_aside_others(names.others)
    depths = split_depths(names.images)
    gap = _gap(names.images, depths)
    parsed = {name: _parse(name, depths, gap) for name in names.images}
    quarantine += [(name, found) for name, found in parsed.items() if isinstance(found, str)]
    images = {name: found for name, found in parsed.items() if isinstance(found, _Image)}
    classes = _classes([image.folder for image in images.values() if image.split == "labeled"], options, names)
    named: dict[str, list[str]] = {}
    for image in sorted(images.values(), key=lambda image: image.order):
        named.setdefault(image.image_id, []).append(image.file)
    settled = settle(source, named)
    records, unknown = _records([images[file] for file in settled.files.values()], classes)
    _tell_folders(images.values())
    return Listing(
        records=pd.DataFrame(records, columns=list(COLUMNS)).astype({"label": "Int64"}),
        quarantine=pd.DataFrame(quarantine + settled.quarantine + unknown, columns=list(QUARANTINE_COLUMNS), dtype=str),
        source=source,
        classes=classes,
    )


def _gap(names: Iterable[str], depths: tuple[int, ...]) -> int:
    """How many folders between a split and its classes say nothing: 1 of train/images/<class> and train/train/<class>.

    Only where it is so throughout: beside other folders, `images` is a class.
    """
    paths = [PurePosixPath(name).parts[:-1] for name in names]
    tops = [(folders, top) for folders in paths if (top := _top(folders, depths)) is not None]
    inner = [(split_of(folders[top]), folders[top + 1 :]) for folders, top in tops]
    labelled = [(split, below) for split, below in inner if split != "unlabeled"]
    return int(bool(labelled) and all(len(below) > 1 and _says_nothing(below[0], split) for split, below in labelled))


def _says_nothing(folder: str, split: str | None) -> bool:
    return split_of(folder) == split or IMAGE_FOLDER.fullmatch(folder) is not None


def _top(folders: tuple[str, ...], depths: tuple[int, ...]) -> int | None:
    """At which depth the folder of the split stands; None where there is none."""
    return next((depth for depth in depths if depth < len(folders) and split_of(folders[depth])), None)


def _parse(name: str, depths: tuple[int, ...], gap: int) -> _Image | str:
    """The image that a name stands for, or the reason to set the file aside."""
    path = PurePosixPath(name)
    folders = path.parts[:-1]
    if hidden := [folder for folder in folders if folder.startswith(".")]:  # .ipynb_checkpoints holds copies
        return f"in a hidden folder: {hidden[0]}"
    top = _top(folders, depths)
    if top is None or (split := split_of(folders[top])) is None:
        return UNKNOWN_FOLDER.of(f"wanted {EXAMPLES}, alone or inside the folders around everything")
    if split != "unlabeled" and len(folders) == top + 1:
        return f"no class folder: the image lies directly in {folders[top]}"
    folder = "" if split == "unlabeled" else unicodedata.normalize("NFC", folders[top + 1 + gap]).strip()
    return _Image(name, split, folders[top], folder, "/".join((*folders[top:], path.stem)))


def _classes(folders: list[str], options: ImageFolderOptions, names: Names) -> tuple[str, ...]:
    """Names of the classes in the order of their labels."""
    if not folders:
        parents = Counter(str(PurePosixPath(name).parent) for name in names.images)
        helps = remedy(names, "image_folder")
        raise SourceError(
            f"An image folder wants {LAYOUT}. Found {len(names.images):,} images and none of that layout in train/; "
            f"the folders with most images are {listed([name for name, _ in parents.most_common()])}. "
            f"{helps or f'Choose the reader that fits, or rename the folders of the splits to {EXAMPLES}.'}"
        )
    spelled = {folder.casefold(): folder for folder in sorted(set(folders), reverse=True)}
    found = tuple(spelled[key] for key in sorted(spelled))
    if options.classes is None and all(map(split_of, spelled)):
        raise SourceError(
            f"An image folder wants {LAYOUT}, but the folders in train/ are {listed(found)}, which are names of "
            f"splits. Move the folders up or down, or set {PARAMETER} if these are the classes."
        )
    wanted = found if options.classes is None else options.classes
    if sorted(name.casefold() for name in wanted) != sorted(spelled):
        raise SourceError(
            f"The classes must be the folders in train/: {PARAMETER} names {listed(wanted)}, but train/ holds images "
            f"of {listed(found)}. Name each folder once, in the order of the labels, or set it to null."
        )
    if len(wanted) < 2:
        helps = "Complete the data, or read a single class by ingestion.format: diagnosis_folders."
        if IMAGE_FOLDER.fullmatch(wanted[0]):
            helps = "Sort them into a folder a class, or name their classes in a table and read that by `--env=table`."
        raise SourceError(
            f"An image folder wants at least two classes in train/, but all images there lie in {listed(found)}. "
            f"{helps}"
        )
    return wanted


def _records(images: list[_Image], classes: tuple[str, ...]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The records, and quarantine rows for images of an unknown class."""
    labels = {name.casefold(): label for label, name in enumerate(classes)}
    known = [image for image in images if not image.folder or image.folder.casefold() in labels]
    records = [_record(image, labels.get(image.folder.casefold()), classes) for image in known]
    unknown = sorted(set(images) - set(known))
    return records, [(i.file, NO_CLASS_IN_TRAIN.of(f"'{i.folder}'")) for i in unknown]


def _tell_folders(images: Iterable[_Image]) -> None:
    """Say in the log which folders are read as one split."""
    for split in SPLITS:
        folders = sorted({image.top for image in images if image.split == split})
        if len(folders) > 1:
            logger.info("Read together as the %s split: %s.", split, listed(folders))


def _record(image: _Image, label: int | None, classes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "file": image.file,
        "image_id": image.image_id,
        "split": image.split,
        "label": label,
        "diagnosis": None if label is None else classes[label],
        "group_id": None,
        "source": "image_folder",
    }
