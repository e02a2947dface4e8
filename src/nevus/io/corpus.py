"""The packed corpus: a folder with pixels, manifest, quarantine and the fingerprint of what they were made from."""

import errno
import hashlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from nevus.contracts import SPLITS, Corpus, CorpusError, CorpusRecipe, Pixels, QuarantineError, Table
from nevus.io.corpus_folder import MADE_BY, MANIFEST, PIXELS, CorpusFolder
from nevus.pixels import view_rows

logger = logging.getLogger(__name__)


class CorpusDataset(AbstractDataset[CorpusRecipe, Corpus]):
    """Saves a recipe by following it, unless that was done before; loads the corpus with memory-mapped pixels.

    Args:
        filepath: The corpus' folder. Beside it lie a lock file and, after a refusal, `<filepath>.quarantine.csv`.
        splits: Load only images of these splits, so that a training node cannot see the test images; null for all.
        assignment: `filepath` of a parquet file with `ASSIGNMENT_COLUMNS`, whose splits and labels stand in for those
            of the source; null loads the source's own. (Kedro makes paths absolute under this key only.) Where it
            hides a label, the diagnosis is hidden too. Its `attrs` are the parameters it was made by.
        size: Height and width of the images that belong here, in pixels: other ones are not saved. null takes any.
        made_by: The command that makes the corpus, for the message when there is none.
        may_be_empty: Load a corpus without images where there is none of the chosen splits, instead of refusing.
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
        size: int | None = None,
        may_be_empty: bool = False,
        made_by: str = MADE_BY,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if splits is not None and (not splits or set(splits) - set(SPLITS)):
            raise ValueError(f"splits must be null or some of {', '.join(SPLITS)}; found {splits}.")
        self._folder = CorpusFolder(Path(filepath), made_by=made_by)
        self._splits = splits
        self._size = size
        self._may_be_empty = may_be_empty
        self._assignment = None if assignment is None else Path(assignment["filepath"])
        self.metadata = metadata

    def save(self, recipe: CorpusRecipe) -> None:
        """Pack the corpus, unless the folder holds the corpus of this very recipe.

        Whatever happens, the folder holds the old or the new corpus, whole. A second run that packs the same corpus at
        the same time says for whom it waits, and then finds nothing left to do.

        Raises:
            QuarantineError: By the recipe's check; the table is then beside the folder, in `<filepath>.quarantine.csv`.
            CorpusError: By the recipe's check, or its images have another size than belongs here, or the disk is full,
                or the folder holds files of another kind.
            BusyError: Another process has been packing the corpus for `PACKING_SECONDS`.
        """
        self._check_size(recipe.shape)
        folder = self._folder
        report = folder.path.with_name(f"{folder.path.name}.quarantine.csv")
        with folder.alone():
            folder.recover()
            state = folder.state()
            if state is not None and state["fingerprint"] == recipe.fingerprint:
                logger.info("Corpus %s is unchanged, not decoded again.", folder.path)
                folder.remember(state, recipe.origin)
            else:
                folder.refuse_strangers()
                self._replace(recipe, report)
            report.unlink(missing_ok=True)

    def _check_size(self, shape: tuple[int, int]) -> None:
        if self._size is not None and tuple(shape) != (self._size, self._size):
            raise CorpusError(
                f"{self._folder.path} is the folder of images of {self._size} x {self._size} pixels, but those to be "
                f"packed have {shape[0]} x {shape[1]}. The size belongs to the folder's name: set `size` in "
                f"conf/<env>/globals.yml, or give `--params ingestion.size={self._size}`."
            )

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
            All images, or those of the chosen splits with `row` counted from 0 again; pixels are read-only,
            memory-mapped and read where they are indexed, be the splits scattered or not. `origin` has the parameters
            of the ingestion and of the splits, as far as they were kept.

        Raises:
            CorpusError: There is no corpus, its images are not those of the assignment, or it holds no image of the
                chosen splits.
        """
        state = self._folder.require()
        manifest = pd.read_parquet(self._folder.path / MANIFEST)
        pixels: Pixels = np.load(self._folder.path / PIXELS, mmap_mode="r")
        name = state["fingerprint"]
        origin: dict[str, Any] = {"ingestion": state["origin"]} if state.get("origin") else {}
        if self._assignment is not None:
            manifest, name, made_by = self._assign(manifest, name, self._assignment)
            origin |= made_by
        if self._splits is not None:
            manifest, pixels = self._select(manifest, pixels, self._splits)
        return Corpus(manifest, pixels, name, tuple(state["classes"]), origin)

    def _assign(self, manifest: Table, name: str, path: Path) -> tuple[Table, str, dict[str, Any]]:
        """The manifest with the splits and labels of the assignment, a fingerprint of both, what made the latter."""
        table = pd.read_parquet(path) if path.exists() else None
        if table is None or not np.array_equal(table["image_id"], manifest["image_id"]):
            raise CorpusError(
                f"The images of {self._folder.path} are not those of {path}, which says what each is for. "
                "Make both again by `kedro run --pipeline=ingestion`."
            )
        known = table["label"].notna()
        assigned = manifest.assign(
            split=table["split"],
            label=table["label"].astype("Int64"),
            diagnosis=manifest["diagnosis"].where(known),  # of a hidden label it would tell the label
        )
        decided = pd.util.hash_pandas_object(assigned[["image_id", "split", "label"]], index=False)
        whole = hashlib.sha256(name.encode() + decided.to_numpy().tobytes()).hexdigest()
        return assigned, whole, {str(key): value for key, value in table.attrs.items()}

    def _select(self, manifest: Table, pixels: Pixels, splits: list[str]) -> tuple[Table, Pixels]:
        chosen = manifest[manifest["split"].isin(splits)]
        if chosen.empty and not self._may_be_empty:
            counts = manifest["split"].value_counts().to_dict()
            raise CorpusError(
                f"Wanted images of the splits {', '.join(splits)} from {self._folder.path}, which holds {counts}. "
                "Set splits.test or splits.label_budget in conf/<env>/parameters.yml so that there are some."
            )
        kept = view_rows(pixels, chosen["row"].to_numpy(dtype=np.int64))
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
        where = {"filepath": str(self._folder.path), "assignment": self._assignment}
        return {**where, "splits": self._splits, "size": self._size}
