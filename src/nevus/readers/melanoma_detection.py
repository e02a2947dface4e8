"""MelanomaDetection: few labelled, thousands of unlabelled dermatoscopic images of 32x32 pixels.

The data of the Manning liveProject "Semi-Supervised Deep Learning with GANs for Melanoma Detection", drawn from
HAM10000 (Tschandl, Rosendahl and Kittler, 2018; https://doi.org/10.1038/sdata.2018.161), without lesion or patient ids.
"""

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, SPLITS, Listing, Source, SourceError
from nevus.quarantine import UNKNOWN_FOLDER
from nevus.readers.companions import folders_around
from nevus.readers.layouts import remedy
from nevus.readers.names import Names, listed, set_aside_companions, set_aside_others, sort_names
from nevus.readers.options import MelanomaDetectionOptions
from nevus.readers.same_id import settle

LAYOUT = (
    "labeled/<number>_0.jpg (benign nevus) and labeled/<number>_1.jpg (melanoma), the same in test/, and "
    "unlabeled/<number>.jpg, all three perhaps inside other folders"
)
DIAGNOSES = ("nevus", "melanoma")  # by the digit at the end of the name, which is the label
FOLDERS = ("labeled", "unlabeled", "test")
COLUMNS = ("file", "image_id", "split", "label", "diagnosis", "group_id", "source")

_LABELED = re.compile(r"([0-9]{1,18})_([01])")
_UNLABELED = re.compile(r"([0-9]{1,18})")


class _Image(NamedTuple):
    file: str
    split: str
    number: int
    label: int | None
    stem: str

    @property
    def image_id(self) -> str:
        return f"{self.split}/{self.stem}"

    @property
    def order(self) -> tuple[int, int, int, str]:
        return SPLITS.index(self.split), self.number, -1 if self.label is None else self.label, self.file


def read(source: Source | None, options: MelanomaDetectionOptions, *, size: int) -> Listing:
    """List the images of MelanomaDetection.

    What operating systems leave behind (`__MACOSX/`, `._*`, `.DS_Store`, `Thumbs.db`, `desktop.ini`) is passed over
    without a word; every other file that is not an image of this layout is quarantined with its reason. Folder names
    are compared without regard to case. Of equal files of one id, as in a tree inside itself, the first is taken.

    Args:
        source: The zip or the folder.
        options: None to choose.
        size: Not needed: the images are listed as they are.

    Returns:
        Records sorted by split and number, with `image_id` such as "labeled/0_0", `label` (null if unlabeled),
        `diagnosis`, `group_id` (null throughout: the format has no lesion ids) and `source`.

    Raises:
        SourceError: There is no source, no image of the layout in `labeled/`, or none of one of the classes.
    """
    if source is None:
        raise SourceError(f"The reader 'melanoma_detection' needs files ({LAYOUT}), but the catalog names none.")
    names = sort_names(source.names())
    quarantine = names.refused + set_aside_companions(names.companions) + set_aside_others(names.others)
    deepest = max(1, folders_around(names.images)) + 1
    parsed = {name: _parse(name, deepest) for name in names.images}
    quarantine += [(name, found) for name, found in parsed.items() if isinstance(found, str)]
    images = {name: found for name, found in parsed.items() if isinstance(found, _Image)}
    named: dict[str, list[str]] = {}
    for image in sorted(images.values(), key=lambda image: image.order):
        named.setdefault(image.image_id, []).append(image.file)
    settled = settle(source, named)
    ordered = [images[file] for file in settled.files.values()]
    _check(ordered, names)
    return Listing(
        records=pd.DataFrame([_record(image) for image in ordered], columns=list(COLUMNS)).astype({"label": "Int64"}),
        quarantine=pd.DataFrame(quarantine + settled.quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str),
        source=source,
    )


def _parse(name: str, deepest: int) -> _Image | str:
    """The image that a name stands for, or the reason to set the file aside: in too many folders, for example."""
    path = PurePosixPath(name)
    if not 1 < len(path.parts) <= deepest + 1 or (split := path.parts[-2].casefold()) not in FOLDERS:
        return UNKNOWN_FOLDER.of(f"wanted one of {', '.join(FOLDERS)}")
    match = (_UNLABELED if split == "unlabeled" else _LABELED).fullmatch(path.stem)
    if match is None:
        wanted = "<number>" if split == "unlabeled" else "<number>_0 or <number>_1"
        return f"wrong name: in {split} wanted {wanted}"
    label = None if split == "unlabeled" else int(match[2])
    return _Image(name, split, int(match[1]), label, path.stem)


def _record(image: _Image) -> dict[str, Any]:
    return {
        "file": image.file,
        "image_id": image.image_id,
        "split": image.split,
        "label": image.label,
        "diagnosis": None if image.label is None else DIAGNOSES[image.label],
        "group_id": None,
        "source": "MelanomaDetection",
    }


def _check(images: list[_Image], names: Names) -> None:
    labels = Counter(image.label for image in images if image.split == "labeled")
    if not labels:
        files = [*names.images, *names.others]
        folders = sorted({str(PurePosixPath(name).parent) for name in files})
        helps = remedy(names, "melanoma_detection")
        raise SourceError(
            f"MelanomaDetection wants {LAYOUT}. Found {len(files):,} files and none of that layout in labeled/; "
            f"the folders are {listed(folders)}. "
            f"{helps or 'Choose the reader that fits by --env, or unpack the data as wanted.'}"
        )
    for label, diagnosis in enumerate(DIAGNOSES):
        if not labels[label]:
            raise SourceError(
                f"MelanomaDetection wants both classes in labeled/, but no file there is named <number>_{label} "
                f"({diagnosis}); found {labels.total():,} of the other class. Complete the data and run again."
            )
