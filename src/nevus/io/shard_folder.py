"""A folder of shards, replaced so that the old or the new one is whole whatever happens."""

import errno
import gzip
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from nevus.contracts import CorpusError
from nevus.file_names import is_litter
from nevus.io.atomic import sync
from nevus.locks import Lock
from nevus.tfrecord.framing import frame
from nevus.tfrecord.index import INDEX, index_text, parse_index

KEPT = (".gitkeep",)
WRITING_SECONDS = 4 * 3600.0


class ShardWriter:
    """Writes shards into one folder, and at last their index.

    Args:
        folder: Where; it exists and is empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, dict[str, Any]] = {}

    def write(self, name: str, examples: Iterable[bytes], about: Mapping[str, Any]) -> None:
        """Write one shard, one record at a time.

        Args:
            name: Of the shard; one that ends in .gz is gzipped.
            examples: What the records hold.
            about: What the index shall say of it.
        """
        path = self._folder / name
        with path.open("wb") as file:
            if name.endswith(".gz"):  # no time and no name in it, so that the same corpus gives the same bytes
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=1, mtime=0) as stream:
                    stream.writelines(frame(example) for example in examples)
            else:
                file.writelines(frame(example) for example in examples)
            sync(file)
        self._shards[name] = {**about, "bytes": path.stat().st_size}

    def finish(self, **about: Any) -> None:
        """Write the index, without which the shards do not count as whole."""
        with (self._folder / INDEX).open("w", encoding="utf-8") as text:
            text.write(index_text(self._shards, **about))
            sync(text)


class ShardFolder:
    """Names, completeness and replacement of one folder of shards.

    While it is replaced there are hidden folders beside it: `.<name>.new` is written, then the old one becomes
    `.<name>.old`, then the new one takes its name. A crash between the two renames is put right by who comes next.

    Args:
        path: The folder, or a link to it, which stays one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path = path.resolve()  # a rename would take the link away and leave its folder
        self._new = path.with_name(f".{path.name}.new")
        self._old = path.with_name(f".{path.name}.old")

    def whole(self) -> bool:
        """Whether the folder has an index and every shard that it lists."""
        if self._old.is_dir() and not self.path.exists():  # a run crashed, or is about to finish
            with self._alone():
                self._recover()
        listed = self._listed()
        return bool(listed) and all((self.path / name).is_file() for name in listed)

    @contextmanager
    def replace(self) -> Iterator[ShardWriter]:
        """Hand out a writer to a new folder and swap that in at the end, while no other process does.

        Raises:
            CorpusError: The folder holds what nevus did not write, or the disk is full; the old shards are in place.
            BusyError: Another process has been writing there for `WRITING_SECONDS`.
        """
        with self._alone():
            yield from self._replace()

    def _alone(self) -> AbstractContextManager[None]:
        return Lock.beside(self.path).held(
            seconds=WRITING_SECONDS,
            what=f"The folder of shards {self.path}",
            remedy="Wait until they are written, or end that process; then give this command again.",
        )

    def _replace(self) -> Iterator[ShardWriter]:
        self._recover()
        self._refuse_strangers()
        try:
            self._new.mkdir(parents=True)
            yield ShardWriter(self._new)
            if self.path.exists():
                self.path.rename(self._old)
            self._new.rename(self.path)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise CorpusError(
                f"The disk is full: the shards could not be written to {self.path}. Free some space, or change the "
                "filepath in conf/base/catalog. Former shards are still in place."
            ) from error
        finally:
            self._recover()

    def _recover(self) -> None:
        if self._old.is_dir() and not self.path.exists():
            self._old.rename(self.path)
        shutil.rmtree(self._old, ignore_errors=True)
        shutil.rmtree(self._new, ignore_errors=True)

    def _refuse_strangers(self) -> None:
        """Raise rather than delete what nevus did not write, such as the competition's own shards."""
        if self.path.is_dir():
            ours = {INDEX, *KEPT, *self._listed()}
            names = sorted(entry.name for entry in self.path.iterdir())
            found = [name for name in names if name not in ours and not is_litter(name)]
        else:
            found = ["no folder but a file"] if self.path.exists() else []
        if found:
            raise CorpusError(
                f"{self.path} is to be replaced by TFRecord shards, but it holds other things: {', '.join(found[:5])}. "
                "Give the shards a folder of their own in conf/base/catalog, or move these away."
            )

    def _listed(self) -> tuple[str, ...]:
        try:
            return parse_index((self.path / INDEX).read_bytes()).shards
        except (OSError, ValueError):
            return ()
