"""Which images train, choose and test: from the source's own splits to those of a run."""

import logging
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from nevus.contracts import ASSIGNMENT_COLUMNS, CorpusError, Table
from nevus.corpus.budget import shortage, within_budget
from nevus.corpus.folds import PARAMETERS, hold_out
from nevus.corpus.options import SplitOptions
from nevus.groups import group_keys

Mask = NDArray[np.bool_]

logger = logging.getLogger(__name__)


def assign(
    manifest: Table, duplicates: Table, options: SplitOptions, *, classes: tuple[str, ...], trains: bool = True
) -> Table:
    """Give every image its split and label.

    In this order: hold out the test part, hold out the validation part, remove duplicates of both from what trains,
    hide labels beyond the budget. An image's place depends on names and the seed, not on the order of the rows.

    Args:
        manifest: As the source has it, columns as in `MANIFEST_COLUMNS`.
        duplicates: Pairs of images, columns as in `DUPLICATE_COLUMNS`; may be empty.
        options: What to draw and what to remove.
        classes: Names of the classes; a label is a position among them.
        trains: Whether a training follows. Where none does, a budget that a class cannot meet is a warning, and the
            class keeps all its labels.

    Returns:
        One row an image in the manifest's order, columns as in `ASSIGNMENT_COLUMNS`: `split` is null where the image
        is left out, `label` where it is hidden or not known, `reason` where the image is where
        the source had it.

    Raises:
        CorpusError: There is no official test split, a class is too small for a share or the budget, a label has no
            class, or a duplicate is not in the manifest.
    """
    draft = _Draft(manifest, classes)
    draft.move((draft.split == "labeled") & ~draft.known, "unlabeled", "has no label")
    drawn = [split for split in ("test", "validation") if _is_drawn(draft, split, getattr(options, split))]
    for split in drawn:
        _dissolve(draft, split)
    for split in drawn:
        _hold_out(draft, split, getattr(options, f"{split}_share"), options.seed)
    if "test" not in draft.split:
        both = "" if "validation" in draft.split else ", and splits.validation=hold_out for images that choose"
        raise CorpusError(
            f"splits.test is official, but the source has no test images. Add splits.test=hold_out to --params{both}; "
            f"or set it in {PARAMETERS}; or complete the data."
        )
    _remove_duplicates(draft, duplicates, options)
    if options.label_budget is not None:
        _hide(draft, options.label_budget, options.seed, trains)
    return draft.table()


class _Draft:
    """Where the images are so far."""

    def __init__(self, manifest: Table, classes: tuple[str, ...]) -> None:
        self.manifest, self.classes = manifest, classes
        self.ids = manifest["image_id"].to_numpy(dtype=object)
        self.groups = group_keys(manifest)
        self.split = manifest["split"].to_numpy(dtype=object, copy=True)
        self.reason = np.full(len(manifest), None, dtype=object)
        self.known: Mask = manifest["label"].notna().to_numpy()
        self.labels = manifest["label"].fillna(-1).to_numpy(dtype=np.int64)
        if self.labels.max(initial=-1) >= len(classes):
            raise CorpusError(
                f"The manifest has the label {self.labels.max()}, but there are only the classes {', '.join(classes)} "
                "(counted from 0). Check the classes of the reader in conf/base/parameters/ingestion.yml."
            )

    def within(self, *splits: str) -> Mask:
        """Images that are in one of these splits now."""
        inside: Mask = pd.Series(self.split).isin(splits).to_numpy()
        return inside

    def move(self, rows: Mask, split: str | None, reason: Any) -> None:
        """Put images elsewhere, or nowhere; `reason` is one for all or one each."""
        self.split[rows], self.reason[rows] = split, reason

    def table(self) -> Table:
        """The assignment."""
        shown = self.known & self.within("labeled", "validation", "test")
        self.reason[self.split == self.manifest["split"].to_numpy(dtype=object)] = None
        columns = {
            "image_id": self.manifest["image_id"].to_numpy(),
            "split": pd.array(np.asarray(self.split), dtype="str"),
            "label": pd.array(np.where(shown, self.labels, -1), dtype="Int64"),
            "reason": pd.array(self.reason, dtype="str"),
        }
        table = pd.DataFrame(columns, index=self.manifest.index, columns=list(ASSIGNMENT_COLUMNS))
        return table.assign(label=table["label"].where(shown))


def _is_drawn(draft: _Draft, split: str, option: str) -> bool:
    """Whether the split is held out here; says so where the source decides it."""
    if option != "prefer_official":
        return option == "hold_out"
    is_drawn = split not in draft.split
    if is_drawn:
        logger.info("The source has no %s split: one is drawn.", split)
    else:
        logger.info("The source has a %s split: splits.%s_share is for splits.%s=hold_out only.", *[split] * 3)
    return is_drawn


def _dissolve(draft: _Draft, split: str) -> None:
    rows, reason = draft.split == split, f"the source's {split} split is drawn anew"
    draft.move(rows & draft.known, "labeled", reason)
    draft.move(rows & ~draft.known, "unlabeled", reason)


def _hold_out(draft: _Draft, split: str, share: float, seed: int) -> None:
    pool = np.flatnonzero(draft.split == "labeled")
    if not len(pool):
        raise CorpusError(
            f"splits.{split} is hold_out, but there is no labelled image to hold out. "
            f"Set it to official in {PARAMETERS}, or complete the data."
        )
    labels, groups = draft.labels[pool], draft.groups[pool]
    held = hold_out(labels, groups, share=share, seed=seed, purpose=split)
    for label in np.unique(labels):
        _check_share(split, share, draft.classes[label], groups[labels == label], held[labels == label])
    rows = np.zeros(len(draft.ids), dtype=bool)
    rows[pool[held]] = True
    draft.move(rows, split, f"held out for {split}")
    # What trains (or, beside a test part, chooses) must not know a lesion that is held out.
    others = ("unlabeled", "validation") if split == "test" else ("unlabeled",)
    siblings = draft.within(*others) & pd.Series(draft.groups).isin(groups[held]).to_numpy()
    said = [f"its group is held out for {split}: {key.partition(' ')[2]}" for key in draft.groups[siblings]]
    draft.move(siblings, None, said)


def _check_share(split: str, share: float, name: str, groups: NDArray[Any], held: Mask) -> None:
    if held.all() or not held.any():
        raise CorpusError(
            f"splits.{split}_share is {share:g}, but of class '{name}' with {len(held)} labelled images in "
            f"{len(set(groups))} groups (never parted) that is {'all' if held.all() else 'none'}. "
            f"{'Lower' if held.all() else 'Raise'} splits.{split}_share or set splits.{split} to official in "
            f"{PARAMETERS}."
        )


def _remove_duplicates(draft: _Draft, duplicates: Table, options: SplitOptions) -> None:
    """Leave out images whose bytes or pixels, or nearly whose pixels, a split has that comes before theirs."""
    first, second = (_positions(draft, duplicates[column]) for column in ("image_id", "other_id"))
    exact = duplicates["kind"].to_numpy(dtype=object) == "exact"
    size = len(draft.ids)
    edges = coo_array((np.ones(exact.sum()), (first[exact], second[exact])), shape=(size, size))
    same = connected_components(edges, directed=False)[1]  # images of equal bytes have equal numbers
    near = pd.DataFrame({"of": same[first[~exact]], "to": same[second[~exact]]})
    near = pd.concat([near, near.rename(columns={"of": "to", "to": "of"})])
    for split, behind in (("test", ("validation", "labeled", "unlabeled")), ("validation", ("labeled", "unlabeled"))):
        inside = draft.split == split
        held = _first(pd.Series(draft.ids[inside], index=same[inside], dtype=object))
        if options.exact_duplicates == "remove":
            _leave_out(draft, behind, held.reindex(same), f"same bytes or pixels as a {split} image")
        if options.near_duplicates == "remove":
            partner = _first(near.set_index("of")["to"].map(held).dropna())
            _leave_out(draft, behind, partner.reindex(same), f"nearly the same as a {split} image")


def _first(named: "pd.Series[Any]") -> "pd.Series[Any]":
    """One image for each number, the first by name, so that the order of the rows decides nothing."""
    named = named.sort_values()
    return named[~named.index.duplicated()]


def _leave_out(draft: _Draft, behind: tuple[str, ...], partner: "pd.Series[Any]", reason: str) -> None:
    rows = draft.within(*behind) & partner.notna().to_numpy()
    draft.move(rows, None, [f"{reason}: {image}" for image in partner[rows]])


def _positions(draft: _Draft, ids: "pd.Series[str]") -> NDArray[np.intp]:
    positions = pd.Index(draft.ids).get_indexer(pd.Index(ids.to_numpy(dtype=object)))
    if (positions < 0).any():
        raise CorpusError(
            f"The table of duplicates names the image '{ids.iloc[int((positions < 0).argmax())]}', which is not in the "
            "manifest: it belongs to other data. Make both anew with `kedro run --pipeline=ingestion`."
        )
    return np.asarray(positions)


def _hide(draft: _Draft, budget: int, seed: int, trains: bool) -> None:
    pool = np.flatnonzero(draft.split == "labeled")
    counts = np.bincount(draft.labels[pool], minlength=len(draft.classes)).tolist()
    short = shortage(counts, int((draft.split == "unlabeled").sum()), budget=budget, classes=draft.classes)
    if short is not None and trains:
        raise CorpusError(short)
    if short is not None:
        logger.warning("No training could follow. %s", short)
    kept = within_budget(draft.labels[pool], draft.groups[pool], draft.ids[pool], budget=budget, seed=seed)
    rows = np.zeros(len(draft.ids), dtype=bool)
    rows[pool[~kept]] = True
    draft.move(rows, "unlabeled", f"label hidden by the budget: {budget} of each class")
