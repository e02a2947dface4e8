"""Files that somebody names one by one, wherever they lie on this machine."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from nevus.contracts import SourceError
from nevus.io.raw_files import FolderSource
from nevus.quarantine import KINDS, SetAsideError


class ListedFiles(FolderSource):
    """One file, and whatever files it names.

    Unlike the files of a folder or an archive, which come from somebody else, paths may lead anywhere: they are what
    the user wrote into a table. A path without a suffix, such as an id of the ISIC archive, finds the one file of its
    folder that has this name and any suffix.

    Args:
        path: The folder that relative paths start from.
        file: Name of the one file in it.
    """

    def __init__(self, path: Path, file: str) -> None:
        super().__init__(path)
        self._file = file
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_listed": {}}

    def names(self) -> list[str]:
        """The name of the one file."""
        return [self._file]

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The bytes of the named files, in order; paths are absolute, or relative to the folder.

        Raises:
            SourceError: A file is missing, cannot be read or is larger than an image can be.
        """
        return [self._read_at(self._find(name), name) for name in names]

    def _find(self, name: str) -> Path:
        path = self.path / Path(name).expanduser()
        if path.exists() or path.is_symlink():
            return path
        if "\\" in name and (other := self.path / name.replace("\\", "/")).exists():
            return other
        found = [] if PurePosixPath(name).suffix else self._beside(path.parent).get(path.name, [])
        if len(found) > 1:
            raise SourceError(f"several files are meant by '{name}': {', '.join(one.name for one in found)}")
        if not found:
            raise SetAsideError(KINDS["no such file"], name)
        return found[0]

    def _beside(self, folder: Path) -> dict[str, list[Path]]:
        """The files of a folder by their names without a suffix."""
        if folder not in self._listed:
            stems: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                stems.setdefault(path.stem, []).append(path)
            self._listed[folder] = stems
        return self._listed[folder]
