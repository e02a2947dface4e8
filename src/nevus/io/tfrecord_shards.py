"""A corpus as TFRecord shards in the schema of the SIIM-ISIC 2020 competition."""

import heapq
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset
from PIL import Image
from tqdm import tqdm

from nevus.contracts import SPLITS, Corpus, CorpusError, Pixels, Source, SourceError, Table
from nevus.io.raw_files import FolderSource
from nevus.io.shard_folder import ShardFolder, ShardWriter
from nevus.progress import progress_bar
from nevus.tfrecord.example import Value, encode
from nevus.tfrecord.shards import shard_name

TEXTS = {"patient_id": "group_id", "sex": "sex", "anatom_site_general_challenge": "site"}  # feature: manifest's column
UNKNOWN_AGE = -1


class TFRecordShardsDataset(AbstractDataset[Corpus, Source]):
    """Saves a corpus as shards such as `train00-150.tfrec`; loads them as a source, to check or to read them.

    Every record has `image` (JPEG), `image_name`, `patient_id` (the corpus' group), `sex`,
    `anatom_site_general_challenge` (text, empty where unknown), `age_approx` (whole years, -1 where unknown), `width`
    and `height` (of the JPEG); labelled ones have `target` and `diagnosis` too.

    Args:
        filepath: The folder of the shards, replaced as a whole.
        shard_records: Records of a shard, about: a group (lesion or patient) is never torn apart, and the shards of a
            split have the same share of every class.
        jpeg_quality: 1 to 100, as Pillow counts; colours are kept at full resolution.
        splits: Write only images of these splits; null for all.
        compress: Whether to gzip the shards; JPEGs hardly shrink.
        metadata: Ignored here, read by plugins.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        *,
        filepath: str,
        shard_records: int,
        jpeg_quality: int,
        splits: list[str] | None = None,
        compress: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if shard_records < 1:
            raise ValueError(f"shard_records must be at least 1; found {shard_records}.")
        if not 1 <= jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality must be 1 to 100; found {jpeg_quality}.")
        if splits is not None and (not splits or set(splits) - set(SPLITS)):
            raise ValueError(f"splits must be null or some of {', '.join(SPLITS)}; found {splits}.")
        self._folder = ShardFolder(Path(filepath))
        self._shard_records = shard_records
        self._jpeg_quality = jpeg_quality
        self._splits = tuple(splits or SPLITS)
        self._compress = compress
        self.metadata = metadata

    def save(self, corpus: Corpus) -> None:
        """Write the shards; the folder holds the old ones or the new ones, whole.

        Raises:
            CorpusError: There is no image to write, an image id comes twice, the folder holds other things, or the disk
                is full.
        """
        manifest = corpus.manifest[corpus.manifest["split"].isin(self._splits)]
        if manifest.empty:
            raise CorpusError(
                f"Wanted images of the splits {', '.join(self._splits)} to write as shards, but the corpus has none: "
                f"{corpus.manifest['split'].value_counts().to_dict()}. Change splits of the catalog entry."
            )
        if manifest["image_id"].duplicated().any():
            twice = manifest.loc[manifest["image_id"].duplicated(), "image_id"].iloc[0]
            raise CorpusError(f"Image ids must be unique in shards, but '{twice}' comes twice. Give copies new ids.")
        with self._folder.replace() as writer:
            with progress_bar(len(manifest), name="writing shards", unit="image") as bar:
                for split in SPLITS:
                    self._write_split(manifest[manifest["split"] == split], split, corpus.pixels, writer, bar)
            writer.finish(fingerprint=corpus.fingerprint, classes=list(corpus.classes), records=len(manifest))

    def _write_split(self, manifest: Table, split: str, pixels: Pixels, writer: ShardWriter, bar: "tqdm[Any]") -> None:
        for number, rows in enumerate(_deal(manifest, self._shard_records)):
            name = shard_name(split, number, len(rows), zipped=self._compress)
            counts = rows["label"].value_counts().sort_index()
            about = {"split": split, "records": len(rows), "labels": {str(k): int(n) for k, n in counts.items()}}
            writer.write(name, self._examples(rows, pixels, bar), about)

    def _examples(self, rows: Table, pixels: Pixels, bar: "tqdm[Any]") -> Iterator[bytes]:
        for row in rows.to_dict("records"):
            yield encode(_features({str(k): v for k, v in row.items()}, pixels[row["row"]], self._jpeg_quality))
            bar.update()

    def load(self) -> Source:
        """The folder, as a source.

        Raises:
            SourceError: There are no whole shards.
        """
        if not self._exists():
            raise SourceError(
                f"Wanted TFRecord shards in {self._folder.path}, found none that were written whole. Make them "
                "by `kedro run --pipeline=tfrecords`."
            )
        return FolderSource(self._folder.path)

    def _exists(self) -> bool:
        return self._folder.whole()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder.path), "splits": self._splits, "shard_records": self._shard_records}


def _features(row: dict[str, Any], pixels: Pixels, quality: int) -> dict[str, Value]:
    features: dict[str, Value] = {
        "image": _jpeg(pixels, quality),
        "image_name": str(row["image_id"]).encode(),
        "age_approx": UNKNOWN_AGE if pd.isna(row["age"]) else round(float(row["age"])),
        "width": int(pixels.shape[1]),
        "height": int(pixels.shape[0]),
    }
    features |= {name: b"" if pd.isna(row[column]) else str(row[column]).encode() for name, column in TEXTS.items()}
    if row["split"] != "unlabeled" and not pd.isna(row["label"]):  # what is hidden from training stays hidden
        features["target"] = int(row["label"])
        features["diagnosis"] = b"" if pd.isna(row["diagnosis"]) else str(row["diagnosis"]).encode()
    return features


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


def _deal(manifest: Table, shard_records: int) -> list[Table]:
    """Part a split in shards of about as many images, with about as many of each class, and whole groups.

    A group is dealt under the rarest class that it holds, the rarest class first and in it the groups with most of it,
    each to the shard that has the fewest images of that class.
    """
    if manifest.empty:
        return []
    shards = math.ceil(len(manifest) / shard_records)
    keys = manifest["group_id"].fillna(manifest["image_id"]).astype(str)
    table = pd.crosstab(keys, manifest["label"].astype("Int64").fillna(-1).astype("int64"))
    table = table[table.sum().sort_values(kind="stable").index]
    images = table.to_numpy()  # (groups, classes), the rarest class first
    rarest = (images > 0).argmax(axis=1)
    held, shard_of = np.zeros((shards, images.shape[1]), dtype=np.int64), np.zeros(len(images), dtype=np.int64)
    for number in range(images.shape[1]):
        members = np.flatnonzero(rarest == number)
        order = np.lexsort((-images[members].sum(axis=1), -images[members, number]))
        heap = [(int(held[shard, number]), int(held[shard].sum()), shard) for shard in range(shards)]
        heapq.heapify(heap)
        for group in members[order]:
            shard = heap[0][2]
            held[shard] += images[group]
            shard_of[group] = shard
            heapq.heapreplace(heap, (int(held[shard, number]), int(held[shard].sum()), shard))
    placed = keys.map(dict(zip(table.index, shard_of, strict=True)))
    return [rows for _, rows in manifest.groupby(placed)]
