"""MNIST: handwritten digits of 28x28 grey pixels, in IDX files.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE
86(11), 1998, https://doi.org/10.1109/5.726791. Sets in files of the same names, such as Fashion-MNIST, are read too.
"""

import logging
import re
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from nevus.contracts import QUARANTINE_COLUMNS, Listing, Source, SourceError, Table
from nevus.file_names import is_litter, readable, refusal
from nevus.readers.mnist_idx import DIMENSIONS, Bytes, unpack
from nevus.readers.mnist_source import DigitsSource
from nevus.readers.options import MnistOptions

LAYOUT = (
    "train-images-idx3-ubyte and train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, "
    "or one of these pairs, gzipped or not"
)
PARTS = {"train": "labeled", "t10k": "test"}  # as the files call them: as the manifest does
DIGITS = range(10)
COLUMNS = ("file", "image_id", "split", "label", "group_id", "source")

logger = logging.getLogger(__name__)
_NAME = re.compile(r"(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?")


class _Part(NamedTuple):
    file: str  # of the images
    images: Bytes  # (n, height, width)
    labels: Bytes  # (n,)


def read(source: Source | None, options: MnistOptions, *, size: int) -> Listing:
    """List the digits.

    Args:
        source: A zip or a folder with the IDX files, in whatever folders inside.
        options: Digits to take. The others are left out on purpose; their number is logged.
        size: Not needed: the images are listed as they are.

    Returns:
        Records with `image_id` such as "train/00042", `split` (train is "labeled" and t10k is "test"; one of them alone
        is "labeled", so that the parameters `splits` can hold out a part), `label` (position of the digit in the
        options), `source` and a null `group_id`. In quarantine: images whose label is no digit, and files that are not
        MNIST's or a second copy.

    Raises:
        SourceError: There is no source or no pair of files, a file is damaged or disagrees with its partner, files of
            one name differ, or the options ask for what is no digit or has no image.
    """
    if source is None:
        raise SourceError(f"The reader 'mnist' needs files ({LAYOUT}), but the catalog names none.")
    _check_options(options.digits)
    parts, quarantine = _parts(source)
    records = pd.concat([_list(name, part, alone=len(parts) == 1) for name, part in parts.items()], ignore_index=True)
    strange = records[~records["digit"].isin(DIGITS)]
    quarantine += [
        (file, f"label is no digit: {digit}") for file, digit in zip(strange["file"], strange["digit"], strict=True)
    ]
    return Listing(
        records=_chosen(records, options.digits),
        quarantine=pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str),
        source=DigitsSource(source, {name: part.file for name, part in parts.items()}),
        classes=tuple(str(digit) for digit in options.digits),
    )


def _parts(source: Source) -> tuple[dict[str, _Part], list[tuple[str, str]]]:
    """The parts that are there, checked, and the quarantine of the other files."""
    found: dict[tuple[str, str], tuple[str, Bytes]] = {}
    quarantine: list[tuple[str, str]] = []
    for name in source.names():
        if is_litter(name):
            continue
        match = _NAME.fullmatch(PurePosixPath(name).name.lower())
        if (reason := refusal(name)) is not None or match is None:
            quarantine.append((readable(name), reason or "not a file of MNIST by its name"))
            continue
        content = unpack(source.read([name])[0], name, match[2])
        first, known = found.setdefault((match[1], match[2]), (name, content))
        if not np.array_equal(known, content):
            raise SourceError(f"{first} and {name} hold different {match[2]}. Keep one data set in the source.")
        if first != name:
            quarantine.append((name, f"second copy of another file: {first}"))
    parts = {part: _pair(part, found) for part in PARTS if (part, "images") in found or (part, "labels") in found}
    if not parts:
        seen = ", ".join(name for name, _ in quarantine[:8]) or "nothing"
        raise SourceError(
            f"MNIST wants {LAYOUT}; found {seen}{' and more' if len(quarantine) > 8 else ''}. Complete the data, or "
            "choose the reader that fits with ingestion.format in conf/<env>/parameters.yml."
        )
    return parts, quarantine


def _pair(part: str, found: dict[tuple[str, str], tuple[str, Bytes]]) -> _Part:
    for kind, other in (("images", "labels"), ("labels", "images")):
        if (part, kind) not in found:
            raise SourceError(
                f"MNIST wants images and labels, but found {found[part, other][0]} without its {kind} "
                f"({part}-{kind}-idx{DIMENSIONS[kind]}-ubyte, gzipped or not). Complete the data."
            )
    (file, images), (label_file, labels) = found[part, "images"], found[part, "labels"]
    if len(images) != len(labels):
        raise SourceError(
            f"{file} holds {len(images):,} images, but {label_file} holds {len(labels):,} labels. "
            "They are not of one data set; fetch the originals again."
        )
    return _Part(file, images, labels)


def _list(name: str, part: _Part, *, alone: bool) -> Table:
    ids = [f"{name}/{row:05d}" for row in range(len(part.labels))]
    if alone:
        logger.info("Only the %s part of MNIST is there: all its images are 'labeled'.", name)
    return pd.DataFrame(
        {
            "file": [f"{image_id}.png" for image_id in ids],
            "image_id": ids,
            "split": "labeled" if alone else PARTS[name],
            "digit": part.labels.astype(np.int64),
            "group_id": None,
            "source": "MNIST",
        }
    )


def _chosen(records: Table, digits: tuple[int, ...]) -> Table:
    """The records of the chosen digits, labelled by their positions."""
    chosen = records[records["digit"].isin(digits)]
    missing = sorted(set(digits) - set(chosen.loc[chosen["split"] == "labeled", "digit"]))
    if missing:
        raise SourceError(
            f"MNIST was asked for the digits {list(digits)}, but no image to train on shows {missing}. "
            "Complete the data, or change ingestion.mnist.digits in conf/<env>/parameters.yml."
        )
    left_out = records["digit"].isin(set(DIGITS) - set(digits)).sum()
    if left_out:
        logger.info("%d images of other digits than %s are left out.", left_out, list(digits))
    labels = chosen["digit"].map({digit: label for label, digit in enumerate(digits)}).astype("Int64")
    return chosen.assign(label=labels)[list(COLUMNS)].reset_index(drop=True)


def _check_options(digits: tuple[int, ...]) -> None:
    if len(set(digits)) < len(digits) or not set(digits) <= set(DIGITS):
        raise SourceError(
            f"ingestion.mnist.digits must be different digits from 0 to 9, but is {list(digits)}. "
            "Change it in conf/<env>/parameters.yml."
        )
