"""From a reader's listing to a corpus: the recipe. The dataset that saves it decides whether it has to be followed."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from pandera.errors import SchemaError, SchemaErrors

from nevus.contracts import (
    QUARANTINE_COLUMNS,
    SPLITS,
    CorpusError,
    CorpusRecipe,
    Listing,
    Pixels,
    QuarantineError,
    Table,
)
from nevus.corpus import chunks, decode, jpeg, phash, resize, schema
from nevus.corpus.chunks import Chunk, Task
from nevus.corpus.fingerprint import code_fingerprint, fingerprint
from nevus.corpus.parallel import PARAMETERS, decode_chunks
from nevus.corpus.resize import Policy
from nevus.quarantine import advice, losses

SHOWN = 5  # quarantined files in a message
# What the manifest knows only after decoding.
_NOT_YET: dict[str, int | str] = {"width": 1, "height": 1, "sha256": "", "phash": "", "row": 0}


def recipe(
    listing: Listing,
    *,
    size: int,
    resize: Policy,
    chunk: int,
    workers: int | None,
    max_pixels: int,
    max_quarantined_share: float,
) -> CorpusRecipe:
    """Say how to make a corpus of what a reader found. Nothing is read before `chunks` is called.

    Args:
        listing: Records with at least `file`, `image_id`, `split` and `source`.
        size: Height and width of the packed images, in pixels.
        resize: squash, crop or pad.
        chunk: Files decoded at once by each process; bounds the memory, does not change the result.
        workers: Processes that decode, likewise; 0: none but this; None: one a processor where it pays.
        max_pixels: Files with more pixels (width times height) are quarantined.
        max_quarantined_share: Largest share of quarantined among all files, 0 to 1.

    Returns:
        The recipe. Its rows are ordered by split in the order of `SPLITS`, else as listed. Its `check` raises
        `QuarantineError` if the share is exceeded, `CorpusError` if nothing is left, a class has no image in `labeled`
        or in a `test` split whose labels the source knows, or the manifest breaks its schema.
    """
    order = listing.records["split"].map({split: position for position, split in enumerate(SPLITS)})
    records = listing.records.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    work = _Work(
        replace(listing, records=records), Task(size, resize, max_pixels), chunk, workers, max_quarantined_share
    )
    return CorpusRecipe(
        fingerprint=work.fingerprint(),
        shape=(size, size),
        chunks=work.chunks,
        total=len(records),
        check=work.check,
        classes=listing.classes,
        warnings=listing.warnings,
    )


@dataclass(frozen=True)
class _Work:
    listing: Listing
    task: Task
    chunk: int
    workers: int | None
    max_quarantined_share: float

    def fingerprint(self) -> str:
        return fingerprint(
            self.listing.source.fingerprint,
            self.listing.records.to_json(orient="split"),
            self.listing.quarantine.to_json(orient="split"),
            self.listing.warnings.to_json(orient="split"),
            self.listing.classes,
            [asdict(self.task), self.max_quarantined_share],
            code_fingerprint(chunks, decode, jpeg, phash, resize, schema, sys.modules[__name__]),
            Path(__file__).with_name("jpeg_batch.py").read_text(encoding="utf-8"),  # importing it would import torch
            [version(name) for name in ("torchvision", "pillow")],  # they define the pixels
        )

    def chunks(self) -> Iterator[tuple[Pixels, Table, Table]]:
        files = self.listing.records["file"].tolist()
        records = schema.conform(self.listing.records.assign(**_NOT_YET))  # all at once: it takes 10 ms, be it for one
        quarantine, row, start = self.listing.quarantine, 0, 0
        for found in decode_chunks(self.listing.source, files, self.task, chunk=self.chunk, workers=self.workers):
            part = records.iloc[start : start + len(found.good) + len(found.errors)]
            failed = _quarantined(files[start : start + len(part)], found)
            yield found.pixels, _described(part.iloc[found.good], found, row), pd.concat([quarantine, failed])
            row, start = row + len(found.good), start + len(part)
            quarantine = quarantine.iloc[:0]  # the reader's own goes with the first chunk

    def check(self, manifest: Table, quarantine: Table) -> None:
        lost = losses(quarantine)
        total = len(manifest) + len(lost)
        if len(lost) > self.max_quarantined_share * total:
            raise QuarantineError(_summary(lost, total, self.max_quarantined_share), quarantine)
        if manifest.empty:
            raise CorpusError("No image is left to pack. Check the data and the reader chosen in " + PARAMETERS + ".")
        records = self.listing.records.reindex(columns=["split", "label"])
        labeled = records.loc[records["label"].notna(), "split"].unique()
        for split in ("labeled", "test") if "test" in labeled else ("labeled",):
            listed = records.loc[records["split"] == split, "label"]
            _check_classes(manifest.loc[manifest["split"] == split, "label"], listed, split, self.listing.classes)
        try:
            schema.MANIFEST.validate(manifest)
        except (SchemaError, SchemaErrors) as error:
            raise CorpusError(f"The reader's records do not make a valid manifest: {error}") from error


def _described(records: Table, found: Chunk, row: int) -> Table:
    """Rows of the good files, with what decoding them has shown."""
    rows = range(row, row + len(records))
    values: tuple[Iterable[int | str], ...] = (found.widths, found.heights, found.sha256, found.phash, rows)
    columns = {
        name: pd.Series(list(shown), dtype=records[name].dtype, index=records.index)
        for name, shown in zip(_NOT_YET, values, strict=True)
    }
    return records.assign(**columns).reset_index(drop=True)


def _quarantined(files: list[str], found: Chunk) -> Table:
    rows = [(files[position], reason) for position, reason in found.errors.items()]
    return pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS), dtype=str)


def _check_classes(labels: "pd.Series[int]", listed: "pd.Series[int]", split: str, classes: tuple[str, ...]) -> None:
    counts = {name: int((labels == label).sum()) for label, name in enumerate(classes)}
    if (labels.dropna() >= len(classes)).any():
        raise CorpusError(
            f"The reader knows the classes {', '.join(classes)}, whose labels are 0 to {len(classes) - 1}, but found "
            f"label {labels.max()} in the {split} split. Correct its classes in {PARAMETERS}."
        )
    for label, (name, count) in enumerate(counts.items()):
        if not count:
            expected = int((listed == label).sum())
            lacking = (
                f"none of the {expected:,} of class '{name}' could be decoded"
                if expected
                else f"the data hold none of class '{name}': no row or folder with an image says so"
            )
            raise CorpusError(
                f"The {split} split needs images of every class, but {lacking}; "
                f"found {counts}. Complete the data, or choose another reader or its classes in {PARAMETERS}."
            )


def _summary(lost: Table, total: int, allowed: float) -> str:
    kinds = lost["reason"].str.split(":").str[0].value_counts()
    share = len(lost) / total
    first = [f"  {file}: {reason}" for file, reason in lost.head(SHOWN).itertuples(index=False)]
    return "\n".join(
        [
            f"{len(lost):,} of {total:,} files ({share:.1%}) had to be set aside; {allowed:.1%} are allowed.",
            *(f"  {count:,} x {kind}" for kind, count in kinds.items()),
            "The first of them:",
            *first,
            f"{advice(lost['reason'])} Or raise ingestion.max_quarantined_share in {PARAMETERS}.",
        ]
    )
