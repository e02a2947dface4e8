"""Croissant metadata beside the corpus that they describe."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from nevus.io.atomic import replacing
from nevus.io.corpus_folder import MANIFEST, PIXELS

FILES = {
    MANIFEST: ("application/x-parquet", "One row an image."),
    PIXELS: ("application/octet-stream", "The images as one NumPy array, (N, H, W, 3) uint8."),
}


class CroissantDataset(AbstractDataset[dict[str, Any], dict[str, Any]]):
    """A JSON-LD file; what is saved gets the files of the corpus with their sizes and SHA-256 as its `distribution`.

    Args:
        filepath: The file. Addresses in it are relative to its folder, which can be moved or zipped as a whole.
        corpus: `filepath` of the corpus' folder, in the folder of the file.
        metadata: Ignored here, read by plugins.

    Example:
        ```yaml
        corpus_croissant:
          type: nevus.io.croissant.CroissantDataset
          filepath: data/02_intermediate/phantom/32px-squash/croissant.json
          corpus:
            filepath: data/02_intermediate/phantom/32px-squash/corpus
        ```
    """

    def __init__(self, *, filepath: str, corpus: dict[str, str], metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self._corpus = Path(corpus["filepath"])
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """What the file says."""
        found: dict[str, Any] = json.loads(self._filepath.read_text(encoding="utf-8"))
        return found

    def save(self, data: dict[str, Any]) -> None:
        """Write the file, whole or not at all."""
        whole = {**data, "distribution": [self._describe_file(name) for name in FILES]}
        with replacing(self._filepath) as beside:
            beside.write_text(json.dumps(whole, indent=2), encoding="utf-8")

    def _describe_file(self, name: str) -> dict[str, str]:
        path, (kind, meaning) = self._corpus / name, FILES[name]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name,
            "description": meaning,
            "contentUrl": path.relative_to(self._filepath.parent).as_posix(),
            "contentSize": f"{path.stat().st_size} B",
            "encodingFormat": kind,
            "sha256": digest,
        }

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "corpus": str(self._corpus)}
