"""Images to be scored, as somebody hands them in, as a Kedro dataset."""

import zipfile
from pathlib import Path

from nevus.contracts import Source
from nevus.io.archives import unpacking_of
from nevus.io.listed_files import ListedFiles
from nevus.io.source import SourceDataset

WORKBOOKS = (".xlsx", ".xlsm", ".ods")  # zip archives by their content


class ImagesDataset(SourceDataset):
    """A folder, a zip archive, or one file: a table of paths, a TFRecord shard or an image.

    What a file is, the reader finds out. Paths in a table may lead anywhere on this machine.

    Args:
        filepath: Where they lie; null where nobody names any.
        obtain: What to do, for the message when nothing is there.
        metadata: Ignored here, read by plugins.
    """

    wanted, parameter = "a folder, a zip archive, a table of paths, a TFRecord shard or an image", "images"

    def _open(self, path: Path) -> Source:
        is_archive = path.suffix.lower() not in WORKBOOKS and zipfile.is_zipfile(path)
        if path.is_file() and path.suffix.lower() != ".zip" and not is_archive and unpacking_of(path) is None:
            return ListedFiles(path.parent, path.name)
        return super()._open(path)
