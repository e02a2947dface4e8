"""From a reader's listing to a corpus: the recipe. The dataset that saves it decides whether it has to be followed."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import pandas as pd
from pandera.errors import SchemaError, SchemaErrors

from nevus.contracts import (
    CLASSES,
    QUARANTINE_COLUMNS,
    SPLITS,
    CorpusError,
    CorpusRecipe,
    Listing,
    Pixels,
    QuarantineError,
    Source,
    SourceError,
    Table,
)
from nevus.corpus import decode as decode_module
from nevus.corpus import jpeg, schema
from nevus.corpus import phash as phash_module
from nevus.corpus.decode import decode
from nevus.corpus.fingerprint import code_fingerprint, fingerprint
from nevus.corpus.phash import phash

PARAMETERS = "conf/base/parameters/ingestion.yml"
SHOWN = 5  # quarantined files in a message


def recipe(listing: Listing, *, size: int, chunk: int, max_pixels: int, max_quarantined_share: float) -> CorpusRecipe:
    """Say how to make a corpus of what a reader found. Nothing is read before `chunks` is called.

    Args:
        listing: Records with at least `file`, `image_id`, `split` and `source`.
        size: Height and width of the packed images, in pixels.
        chunk: Files read and decoded at once; bounds the memory, does not change the result.
        max_pixels: Files with more pixels (width times height) are quarantined.
        max_quarantined_share: Largest share of quarantined among all files, 0 to 1.

    Returns:
        The recipe. Its rows are ordered by split in the order of `SPLITS`, else as listed. Its `check` raises
        `QuarantineError` if the share is exceeded, `CorpusError` if nothing is left, `labeled` or a `test` split that
        the source has lacks a class, or the manifest breaks its schema.
    """
    order = listing.records["split"].map({split: position for position, split in enumerate(SPLITS)})
    records = listing.records.iloc[np.argsort(order.to_numpy(), kind="stable")].reset_index(drop=True)
    work = _Work(Listing(records, listing.quarantine, listing.source), size, chunk, max_pixels, max_quarantined_share)
    return CorpusRecipe(
        fingerprint=work.fingerprint(),
        shape=(size, size),
        chunks=work.chunks,
        total=len(records),
        check=work.check,
    )


@dataclass(frozen=True)
class _Work:
    listing: Listing
    size: int
    chunk: int
    max_pixels: int
    max_quarantined_share: float

    def fingerprint(self) -> str:
        return fingerprint(
            self.listing.source.fingerprint,
            self.listing.records.to_json(orient="split"),
            self.listing.quarantine.to_json(orient="split"),
            [self.size, self.max_pixels, self.max_quarantined_share],
            code_fingerprint(decode_module, jpeg, phash_module, schema, sys.modules[__name__]),
            [version(name) for name in ("torchvision", "pillow")],  # they define the pixels,
        )

    def chunks(self) -> Iterator[tuple[Pixels, Table, Table]]:
        quarantine, row = self.listing.quarantine, 0
        for start in range(0, max(len(self.listing.records), 1), self.chunk):
            pixels, rows, failed = self._chunk(self.listing.records.iloc[start : start + self.chunk], row)
            row += len(rows)
            yield pixels, rows, pd.concat([quarantine, failed]) if len(quarantine) else failed
            quarantine = quarantine.iloc[:0]  # the reader's own goes with the first chunk

    def _chunk(self, records: Table, row: int) -> tuple[Pixels, Table, Table]:
        files = records["file"].tolist()
        contents, failed = _read(self.listing.source, files)
        read = [position for position in range(len(files)) if position not in failed]
        decoded = decode([contents[position] for position in read], self.size, max_pixels=self.max_pixels)
        failed |= {read[index]: reason for index, reason in decoded.errors.items()}
        good = [read[index] for index in decoded.indices]
        rows = records.iloc[good].assign(
            width=decoded.widths,
            height=decoded.heights,
            sha256=[hashlib.sha256(contents[position]).hexdigest() for position in good],
            phash=phash(decoded.pixels),
            row=np.arange(row, row + len(good)),
        )
        quarantine = [(files[position], reason) for position, reason in sorted(failed.items())]
        return (
            decoded.pixels,
            schema.conform(rows).reset_index(drop=True),
            pd.DataFrame(quarantine, columns=list(QUARANTINE_COLUMNS), dtype=str),
        )

    def check(self, manifest: Table, quarantine: Table) -> None:
        share = len(quarantine) / max(len(manifest) + len(quarantine), 1)
        if share > self.max_quarantined_share:
            raise QuarantineError(_summary(quarantine, share, self.max_quarantined_share), quarantine)
        if manifest.empty:
            raise CorpusError("No image is left to pack. Check the data and the reader chosen in " + PARAMETERS + ".")
        listed = set(self.listing.records["split"]) | {"labeled"}
        for split in ("labeled", "test"):
            if split in listed:
                _check_classes(manifest.loc[manifest["split"] == split, "label"], split)
        try:
            schema.MANIFEST.validate(manifest)
        except (SchemaError, SchemaErrors) as error:
            raise CorpusError(f"The reader's records do not make a valid manifest: {error}") from error


def _read(source: Source, files: list[str]) -> tuple[list[bytes], dict[int, str]]:
    """Contents by position, and the reasons for those that the source cannot give (whose content is empty)."""
    try:
        return (source.read(files) if files else []), {}
    except SourceError:  # one damaged member fails the whole call
        contents, failed = [b""] * len(files), {}
    for position, file in enumerate(files):
        try:
            contents[position] = source.read([file])[0]
        except SourceError as error:
            failed[position] = f"cannot be read from the source: {error}"
    return contents, failed


def _check_classes(labels: "pd.Series[int]", split: str) -> None:
    counts = {name: int((labels == label).sum()) for label, name in enumerate(CLASSES)}
    for name, count in counts.items():
        if not count:
            raise CorpusError(
                f"The {split} split needs images of both classes, but none of class '{name}' could be decoded; "
                f"found {counts}. Complete the data, or choose another reader in {PARAMETERS}."
            )


def _summary(quarantine: Table, share: float, allowed: float) -> str:
    kinds = quarantine["reason"].str.split(":").str[0].value_counts()
    first = [f"  {file}: {reason}" for file, reason in quarantine.head(SHOWN).itertuples(index=False)]
    return "\n".join(
        [
            f"{len(quarantine):,} files ({share:.1%}) had to be set aside; {allowed:.1%} are allowed.",
            *(f"  {count:,} x {kind}" for kind, count in kinds.items()),
            "The first of them:",
            *first,
            f"Repair the data, or raise ingestion.max_quarantined_share in {PARAMETERS}.",
        ]
    )
