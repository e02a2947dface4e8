"""The files of a packed corpus, written so that the old or the new one is whole whatever happens."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from nevus.contracts import CorpusError, CorpusRecipe, Pixels, Table
from nevus.io.atomic import replacing, sync, sync_folder
from nevus.locks import Lock
from nevus.progress import progress_bar

MADE_BY = "kedro run --pipeline=ingestion"
PIXELS, MANIFEST, QUARANTINE, STATE = ("pixels.npy", "manifest.parquet", "quarantine.csv", "fingerprint.json")
WARNINGS = "warnings.csv"  # corpora packed by older versions have none
FILES = (PIXELS, MANIFEST, QUARANTINE, WARNINGS, STATE)
PACKING_SECONDS = 12 * 3600.0  # the largest corpora take hours


class CorpusFolder:
    """Names, completeness and replacement of one corpus folder.

    While a corpus is replaced there are hidden folders beside it: `.<name>.new` is written, then the old one becomes
    `.<name>.old`, then the new one takes its name. A crash between the two renames is put right by `recover`.

    Args:
        path: The folder.
        made_by: The command that makes the corpus, for messages.
    """

    def __init__(self, path: Path, *, made_by: str = MADE_BY) -> None:
        self.path = path
        self._made_by = made_by
        self._new = path.with_name(f".{path.name}.new")
        self._old = path.with_name(f".{path.name}.old")

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from packing here meanwhile, after waiting for the one that does.

        Raises:
            BusyError: It has not come to an end within `PACKING_SECONDS`.
        """
        return Lock.beside(self.path).held(
            seconds=PACKING_SECONDS,
            what=f"The corpus {self.path}",
            remedy="Wait until it is packed, or end that process; then give this command again.",
        )

    def state(self) -> dict[str, Any] | None:
        """What `fingerprint.json` says, or None if the folder holds no whole corpus."""
        try:
            state = json.loads((self.path / STATE).read_text(encoding="utf-8"))
            there = [name for name in FILES if name != STATE and (name != WARNINGS or name in state["bytes"])]
            sizes = {name: (self.path / name).stat().st_size for name in there}
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return state if isinstance(state, dict) and state.get("bytes") == sizes else None

    def require(self) -> dict[str, Any]:
        """What `fingerprint.json` says, once a replacement is put right that a crash cut short.

        Raises:
            CorpusError: There is no whole corpus.
        """
        if not self.path.exists() and self.exists():  # a run crashed, or is about to finish
            with self.alone():
                self.recover()
        state = self.state()
        if state is None:
            raise CorpusError(
                f"Wanted a packed corpus in {self.path}, found {'none whole' if self.exists() else 'nothing'}. "
                f"Make it by `{self._made_by}`."
            )
        return state

    def remember(self, state: dict[str, Any], origin: Mapping[str, Any]) -> None:
        """Keep the parameters that a recipe of this very corpus follows. Only for the holder of the lock.

        Args:
            state: From `state`; corpora packed by older versions lack the parameters.
            origin: The parameters; where there are none, or the same, nothing is written.
        """
        if origin and state.get("origin") != json.loads(json.dumps(dict(origin))):
            with replacing(self.path / STATE) as beside:
                beside.write_text(json.dumps(state | {"origin": dict(origin)}, indent=2), encoding="utf-8")

    def exists(self) -> bool:
        """Whether there is a corpus, be it under the name that a crash left it."""
        return self.path.is_dir() or self._old.is_dir()

    def recover(self) -> None:
        """Undo half a replacement and remove what crashed runs left. Only for the holder of the lock."""
        if self._old.is_dir() and not self.path.exists():
            self._old.rename(self.path)
        shutil.rmtree(self._old, ignore_errors=True)
        shutil.rmtree(self._new, ignore_errors=True)

    def refuse_strangers(self) -> None:
        """Raise rather than delete what is not a corpus.

        Raises:
            CorpusError: The path is a file, or the folder holds files of another kind.
        """
        if self.path.is_dir():
            names = sorted(entry.name for entry in self.path.iterdir())
            # a process killed while it kept the parameters left a hidden file beside theirs
            found = [n for n in names if n not in (*FILES, ".gitkeep") and not n.startswith(f".{STATE}.")]
        else:
            found = ["no folder but a file"] if self.path.exists() else []
        if found:
            raise CorpusError(
                f"{self.path} is to be replaced by a packed corpus, but it holds other things: {', '.join(found[:5])}. "
                "Give the corpus a folder of its own in conf/base/catalog, or move these away."
            )

    def replace(self, recipe: CorpusRecipe) -> None:
        """Follow the recipe in a hidden folder and swap it in. Only for the holder of the lock, after `recover`.

        Raises:
            NevusError: By the recipe, with the old corpus in place.
            OSError: Likewise, for example when the disk is full.
        """
        try:
            self._new.mkdir(parents=True)
            _write_corpus(self._new, recipe)
            if self.path.exists():
                self.path.rename(self._old)
            self._new.rename(self.path)
            sync_folder(self.path.parent)
        finally:
            self.recover()


def _write_corpus(folder: Path, recipe: CorpusRecipe) -> None:
    manifest, quarantine = _write_pixels(folder / PIXELS, recipe)
    recipe.check(manifest, quarantine)
    with (folder / MANIFEST).open("wb") as file:
        manifest.to_parquet(file, index=False)
        sync(file)
    for name, table in ((QUARANTINE, quarantine), (WARNINGS, recipe.warnings)):
        with (folder / name).open("w", encoding="utf-8", newline="") as text:
            table.to_csv(text, index=False)
            sync(text)
    sizes = {name: (folder / name).stat().st_size for name in FILES if name != STATE}
    state = {
        "fingerprint": recipe.fingerprint,
        "images": len(manifest),
        "shape": recipe.shape,
        "classes": recipe.classes,
        "bytes": sizes,
        "origin": dict(recipe.origin),
    }
    with (folder / STATE).open("w", encoding="utf-8") as text:
        json.dump(state, text, indent=2)
        sync(text)
    sync_folder(folder)


def _write_pixels(path: Path, recipe: CorpusRecipe) -> tuple[Table, Table]:
    # Written, not mapped: on a full disk a write says so, whereas touching a mapped page kills the process.
    manifests, quarantines, count = [], [], 0
    with (
        path.open("wb") as file,
        progress_bar(recipe.total, name="packing", unit="image") as bar,
    ):
        _write_header(file, recipe, recipe.total)
        for pixels, manifest, quarantine in _follow(recipe):
            file.write(np.ascontiguousarray(pixels).data)
            manifests.append(manifest)
            quarantines.append(quarantine)
            count += len(pixels)
            bar.update(len(pixels))
        _write_header(file, recipe, count)
        sync(file)
    return pd.concat(manifests, ignore_index=True), pd.concat(quarantines, ignore_index=True)


def _follow(recipe: CorpusRecipe) -> Iterator[tuple[Pixels, Table, Table]]:
    """What the recipe gives; an error of the system in there is not one of the disk that the corpus is written to."""
    try:
        yield from recipe.chunks()
    except OSError as error:
        raise CorpusError(
            f"The images could not be read and decoded: {error}. Add --traceback to see where that happened."
        ) from error


def _write_header(file: IO[bytes], recipe: CorpusRecipe, count: int) -> None:
    # the header keeps room for the first axis to grow, so the true count can replace the expected one
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, *recipe.shape, 3)}
    np.lib.format.write_array_header_1_0(file, header)
