"""The digits of MNIST as image files, made when they are read."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from nevus.contracts import Source, SourceError
from nevus.readers.mnist_idx import Bytes, unpack


class DigitsSource:
    """The digits as PNG files, encoded when they are read (implements `nevus.contracts.Source`).

    The pixels are unpacked once in every process; a pickled copy leaves them behind.

    Args:
        source: Where the IDX files lie.
        files: Part ("train" or "t10k") to its file of images.
    """

    def __init__(self, source: Source, files: dict[str, str]) -> None:
        self._source = source
        self._files = files
        self._images: dict[str, Bytes] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_images": {}}

    @property
    def fingerprint(self) -> str:
        """Of the source below and the code that encodes."""
        return hashlib.sha256(self._source.fingerprint.encode() + Path(__file__).read_bytes()).hexdigest()

    def names(self) -> list[str]:
        """All names, such as `train/00042.png`, sorted."""
        return sorted(f"{part}/{row:05d}.png" for part in self._files for row in range(len(self._part(part))))

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The named digits as grey PNG files, in order.

        Raises:
            SourceError: There is no such digit, or the IDX file cannot be read any more.
        """
        return [_encode(self._image(name)) for name in names]

    def _image(self, name: str) -> Bytes:
        part, _, row = name.removesuffix(".png").partition("/")
        if part not in self._files or not row.isdecimal() or int(row) >= len(self._part(part)):
            raise SourceError(f"MNIST holds no image '{name}'. Take names from names(), such as train/00042.png.")
        image: Bytes = self._part(part)[int(row)]
        return image

    def _part(self, part: str) -> Bytes:
        if part not in self._images:
            self._images[part] = unpack(self._source.read([self._files[part]])[0], self._files[part], "images")
        return self._images[part]


def _encode(image: Bytes) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format="PNG", compress_level=0)  # the fastest to write and to read; lossless
    return buffer.getvalue()
