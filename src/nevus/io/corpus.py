"""The packed corpus: a folder with pixels, manifest, quarantine and the fingerprint of what they were made from."""

import errno
import hashlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from nevus.contracts import SPLITS, Corpus, CorpusError, CorpusRecipe, Pixels, QuarantineError, Table
from nevus.io.corpus_folder import MANIFEST, PIXELS, CorpusFolder

logger = logging.getLogger(__name__)


class CorpusDataset(AbstractDataset[CorpusRecipe, Corpus]):
    """Saves a recipe by following it, unless that was done before; loads the corpus with memory-mapped pixels.

    Args:
        filepath: The corpus' folder. Beside it lie a lock file and, after a refusal, `<filepath>.quarantine.csv`.
        splits: Load only images of these splits, so that a training node cannot see the test images; null for all.
        assignment: `filepath` of a parquet file with `ASSIGNMENT_COLUMNS`, whose splits and labels stand in for those
            of the source; null loads the source's own. (Kedro makes paths absolute under this key only.)
        metadata: Ignored here, read by plugins.

    Raises:
        ValueError: `splits` names none or an unknown one.
    """

    def __init__(
        self,
        *,
        filepath: str,
        splits: list[str] | None = None,
        assignment: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if splits is not None and (not splits or set(splits) - set(SPLITS)):
            raise ValueError(f"splits must be null or some of {', '.join(SPLITS)}; found {splits}.")
        self._folder = CorpusFolder(Path(filepath))
        self._splits = splits
        self._assignment = None if assignment is None else Path(assignment["filepath"])
        self.metadata = metadata

    def save(self, recipe: CorpusRecipe) -> None:
        """Pack the corpus, unless the folder holds the corpus of this very recipe.

        Whatever happens, the folder holds the old or the new corpus, whole. A second run that packs the same corpus at
        the same time waits for the first and then finds nothing left to do.

        Raises:
            QuarantineError: By the recipe's check; the table is then beside the folder, in `<filepath>.quarantine.csv`.
            CorpusError: By the recipe's check, or the disk is full, or the folder holds files of another kind.
        """
        folder = self._folder
        report = folder.path.with_name(f"{folder.path.name}.quarantine.csv")
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.lock):
            folder.recover()
            state = folder.state()
            if state is not None and state["fingerprint"] == recipe.fingerprint:
                logger.info("Corpus %s is unchanged, not decoded again.", folder.path)
            else:
                folder.refuse_strangers()
                self._replace(recipe, report)
            report.unlink(missing_ok=True)

    def _replace(self, recipe: CorpusRecipe, report: Path) -> None:
        try:
            self._folder.replace(recipe)
        except QuarantineError as error:
            error.table.to_csv(report, index=False)
            raise QuarantineError(f"{error}\nThe whole list is in {report}.", error.table) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            wanted = recipe.total * int(np.prod(recipe.shape)) * 3
            raise CorpusError(
                f"The disk is full: the corpus {self._folder.path} needs about {wanted:,} bytes. "
                "Free some space, or change its filepath in conf/base/catalog. A former corpus is still in place."
            ) from error

    def load(self) -> Corpus:
        """Open the corpus.

        Returns:
            All images, or those of the chosen splits with `row` counted from 0 again; pixels are read-only.

        Raises:
            CorpusError: There is no corpus, its images are not those of the assignment, or it holds no image of the
                chosen splits.
        """
        state = self._state()
        manifest = pd.read_parquet(self._folder.path / MANIFEST)
        pixels: Pixels = np.load(self._folder.path / PIXELS, mmap_mode="r")
        name = state["fingerprint"]
        if self._assignment is not None:
            manifest, name = self._assign(manifest, name, self._assignment)
        if self._splits is not None:
            manifest, pixels = self._select(manifest, pixels, self._splits)
        return Corpus(manifest, pixels, name, tuple(state["classes"]))

    def _assign(self, manifest: Table, name: str, path: Path) -> tuple[Table, str]:
        """The manifest with the splits and labels of the assignment, and a fingerprint of both."""
        table = pd.read_parquet(path) if path.exists() else None
        if table is None or not np.array_equal(table["image_id"], manifest["image_id"]):
            raise CorpusError(
                f"The images of {self._folder.path} are not those of {path}, which says what each is for. "
                "Make both again by `kedro run --pipeline=ingestion`."
            )
        assigned = manifest.assign(split=table["split"], label=table["label"].astype("Int64"))
        decided = pd.util.hash_pandas_object(assigned[["image_id", "split", "label"]], index=False)
        return assigned, hashlib.sha256(name.encode() + decided.to_numpy().tobytes()).hexdigest()

    def _state(self) -> dict[str, Any]:
        folder = self._folder
        if not folder.path.exists() and folder.exists():  # a run crashed, or is about to finish
            with FileLock(folder.lock):
                folder.recover()
        state = folder.state()
        if state is None:
            raise CorpusError(
                f"Wanted a packed corpus in {folder.path}, found {'none whole' if folder.exists() else 'nothing'}. "
                "Make it by `kedro run --pipeline=ingestion`."
            )
        return state

    def _select(self, manifest: Table, pixels: Pixels, splits: list[str]) -> tuple[Table, Pixels]:
        chosen = manifest[manifest["split"].isin(splits)]
        if chosen.empty:
            counts = manifest["split"].value_counts().to_dict()
            raise CorpusError(
                f"Wanted images of the splits {', '.join(splits)} from {self._folder.path}, which holds {counts}. "
                "Set splits.test or splits.label_budget in conf/<env>/parameters.yml so that there are some."
            )
        rows = chosen["row"].to_numpy()
        first, last = int(rows[0]), int(rows[-1])
        contiguous = np.array_equal(rows, np.arange(first, last + 1))
        kept = pixels[first : last + 1] if contiguous else _frozen(pixels[rows])
        return chosen.assign(row=np.arange(len(chosen))).reset_index(drop=True), kept

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows of the manifest, for Kedro-Viz.

        Args:
            nrows: Number of rows.

        Returns:
            Index, columns and data; nulls are None, so that JSON can carry them.
        """
        rows = self.load().manifest.head(nrows).astype(object)
        return TablePreview(rows.where(rows.notna(), None).to_dict(orient="split"))

    def _exists(self) -> bool:
        return self._folder.state() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._folder.path), "splits": self._splits, "assignment": self._assignment}


def _frozen(pixels: Pixels) -> Pixels:
    pixels.flags.writeable = False
    return pixels
