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
from nevus.file_names import is_litter, readable, refusal
from nevus.readers.options import MelanomaDetectionOptions

LAYOUT = (
    "labeled/<number>_0.jpg (benign nevus) and labeled/<number>_1.jpg (melanoma), the same in test/, and "
    "unlabeled/<number>.jpg, all three perhaps inside one folder more"
)
DIAGNOSES = ("nevus", "melanoma")  # by the digit at the end of the name, which is the label
FOLDERS = ("labeled", "unlabeled", "test")
SUFFIXES = (".jpg", ".jpeg", ".png")
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
    without a word; every other file that is not an image of this layout is quarantined with its reason.

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
    names = [name for name in source.names() if not is_litter(name)]
    images: dict[str, _Image] = {}
    quarantine: list[tuple[str, str]] = []
    for name in names:
        found = _parse(name)
        if isinstance(found, str):
            quarantine.append((readable(name), found))
        elif found.image_id in images:
            quarantine.append((name, f"same image id as another file: {images[found.image_id].file}"))
        else:
            images[found.image_id] = found
    ordered = sorted(images.values(), key=lambda image: image.order)
    _check(ordered, names)
    return Listing(
        records=pd.DataFrame([_record(image) for image in ordered], columns=list(COLUMNS)).astype({"label": "Int64"}),
        quarantine=pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str),
        source=source,
    )


def _parse(name: str) -> _Image | str:
    """The image that a name stands for, or the reason to set the file aside."""
    path = PurePosixPath(name)
    if (reason := refusal(name)) is not None:
        return reason
    if path.suffix.lower() not in SUFFIXES:
        return f"not an image by its suffix: wanted one of {', '.join(SUFFIXES)}"
    if len(path.parts) not in (2, 3) or (split := path.parts[-2]) not in FOLDERS:
        return f"unknown folder: wanted one of {', '.join(FOLDERS)}"
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


def _check(images: list[_Image], names: list[str]) -> None:
    labels = Counter(image.label for image in images if image.split == "labeled")
    if not labels:
        folders = sorted({readable(str(PurePosixPath(name).parent)) for name in names})
        found = ", ".join(f"'{folder}'" for folder in folders[:8]) or "nothing"
        raise SourceError(
            f"MelanomaDetection wants {LAYOUT}. Found {len(names):,} files and none of that layout in labeled/; "
            f"the folders are {found}{' and more' if len(folders) > 8 else ''}. "
            "Choose the reader that fits in conf/<env>/parameters.yml, or unpack the data as wanted."
        )
    for label, diagnosis in enumerate(DIAGNOSES):
        if not labels[label]:
            raise SourceError(
                f"MelanomaDetection wants both classes in labeled/, but no file there is named <number>_{label} "
                f"({diagnosis}); found {labels.total():,} of the other class. Complete the data and run again."
            )
