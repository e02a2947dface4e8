"""Makers of fake SIIM-ISIC 2020 sources: tables with JPEGs, and TFRecord shards."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nevus.tfrecord.example import Value, encode
from nevus.tfrecord.framing import frame
from tests.fakes import fake_jpeg

TRAIN = ("image_name", "patient_id", "sex", "age_approx", "anatom_site_general_challenge", "diagnosis")
TRAIN_HEADER = (*TRAIN, "benign_malignant", "target")
TEST_HEADER = (*TRAIN[:5], "width", "height")
ARCHIVES_TRAIN_HEADER = (*TRAIN[:2], "lesion_id", *TRAIN[2:], "benign_malignant", "target")
ARCHIVES_TEST = {"image": "image_name", "patient": "patient_id", "age_approx": "age_approx", "sex": "sex"}
ARCHIVES_TEST |= {"anatom_site_general": "anatom_site_general_challenge"}
DUPLICATES_HEADER = ("image_name_1", "image_name_2")


def name(number: int) -> str:
    return f"ISIC_{number:07d}"


def train_row(number: int, **changes: str) -> dict[str, str]:
    """A row of `train.csv`: two images a patient, every third image a melanoma."""
    target = str(int(number % 3 == 0))
    row = {
        "image_name": name(number),
        "patient_id": f"IP_{number // 2:07d}",
        "sex": ("male", "female")[number % 2],
        "age_approx": f"{30 + number}.0",
        "anatom_site_general_challenge": "torso",
        "diagnosis": "melanoma" if target == "1" else "nevus",
        "benign_malignant": "malignant" if target == "1" else "benign",
        "target": target,
    }
    return row | changes


def table(header: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A CSV file; what a row lacks is empty, what it has too much is left out."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(header), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def siim_files(
    train: int = 6, test: int = 2, *, rows: Sequence[Mapping[str, str]] | None = None, folder: str = "jpeg/"
) -> dict[str, bytes]:
    """`train.csv`, `test.csv` and their JPEGs; `rows` replaces those of `train.csv`, not the files."""
    tests = [train_row(100 + number) for number in range(test)]
    files = {
        "train.csv": table(TRAIN_HEADER, rows if rows is not None else map(train_row, range(train))),
        "test.csv": table(TEST_HEADER, tests),
    }
    files |= {f"{folder}train/{name(number)}.jpg": fake_jpeg(number) for number in range(train)}
    return files | {f"{folder}test/{name(100 + number)}.jpg": fake_jpeg(100 + number) for number in range(test)}


def archives_files(train: int = 6, test: int = 2, *, version: str = "_v2") -> dict[str, bytes]:
    """The same images beside the tables of the ISIC archive, which has other names for files and columns."""
    files = siim_files(train, test)
    rows = [train_row(number, lesion_id=f"IL_{number:07d}") for number in range(train)]
    tests = [train_row(100 + number) for number in range(test)]
    tests = [{theirs: row[ours] for theirs, ours in ARCHIVES_TEST.items()} for row in tests]
    del files["train.csv"], files["test.csv"]
    header = ARCHIVES_TRAIN_HEADER if version else TRAIN_HEADER
    return files | {
        f"ISIC_2020_Training_GroundTruth{version}.csv": table(header, rows),
        "ISIC_2020_Test_Metadata.csv": table(list(ARCHIVES_TEST), tests),
    }


def duplicates(*pairs: tuple[int, int]) -> dict[str, bytes]:
    rows = [dict(zip(DUPLICATES_HEADER, map(name, pair), strict=True)) for pair in pairs]
    return {"ISIC_2020_Training_Duplicates.csv": table(DUPLICATES_HEADER, rows)}


def features(number: int, **changes: Value | None) -> dict[str, Value]:
    """A record with integer codes, as widespread shards have them; a change to None takes a feature away."""
    row: dict[str, Any] = {
        "image": fake_jpeg(number),
        "image_name": name(number).encode(),
        "patient_id": number // 2,
        "sex": number % 2,
        "age_approx": 30 + number,
        "anatom_site_general_challenge": 3,
        "diagnosis": 1,
        "target": int(number % 3 == 0),
        "width": 8,
        "height": 8,
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def shard(examples: Iterable[Mapping[str, Value]]) -> bytes:
    """A plain shard."""
    return b"".join(frame(encode(example)) for example in examples)


def siim_shards(train: int = 6, test: int = 2) -> dict[str, bytes]:
    """Two training shards and a test shard without target and diagnosis."""
    half = train // 2
    hidden = [features(100 + number, target=None, diagnosis=None) for number in range(test)]
    return {
        f"tfrecords/train00-{half}.tfrec": shard(map(features, range(half))),
        f"tfrecords/train01-{train - half}.tfrec": shard(map(features, range(half, train))),
        f"tfrecords/test00-{test}.tfrec": shard(hidden),
    }
