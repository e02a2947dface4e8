"""IDX files, as on the page of MNIST: a magic number, the sides of the array, then its bytes; all big-endian."""

import gzip
import io
import math
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from nevus.contracts import SourceError

DIMENSIONS = {"images": 3, "labels": 1}
MAGIC = {kind: 0x800 + dimensions for kind, dimensions in DIMENSIONS.items()}  # 8 stands for unsigned bytes
MAX_BYTES = 1 << 30  # a file that unpacks to more is not MNIST

Bytes = NDArray[np.uint8]


def unpack(content: bytes, name: str, kind: str) -> Bytes:
    """Read an IDX file, gzipped or not (its content tells).

    Args:
        content: The whole file.
        name: What to call it in messages.
        kind: "images" or "labels".

    Returns:
        (n, height, width) for images, (n,) for labels; read-only.

    Raises:
        SourceError: It is no IDX file of this kind, or shorter or longer than its header says, or empty.
    """
    magic, dimensions = MAGIC[kind], DIMENSIONS[kind]
    try:
        plain = io.BytesIO(content)
        with gzip.GzipFile(fileobj=plain) if content.startswith(b"\x1f\x8b") else plain as stream:
            head = stream.read(4 * (1 + dimensions))
            found, *shape = struct.unpack(f">{1 + dimensions}I", head.ljust(4 * (1 + dimensions), b"\0"))
            if found != magic:
                raise _damaged(name, f"an IDX file of {kind}, which starts with {magic}", f"{found}")
            wanted = math.prod(shape)
            data = stream.read(min(wanted, MAX_BYTES) + 1)  # one more: no file may hold more than its header says
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(name, "a whole gzip file", f"'{error}'") from error
    if not wanted or len(data) != wanted:
        sides = " x ".join(f"{side:,}" for side in shape)
        raise _damaged(name, f"{sides} bytes", "more" if len(data) > wanted else f"{len(data):,}")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _damaged(name: str, wanted: str, found: str) -> SourceError:
    return SourceError(f"{name} is damaged or not MNIST's: wanted {wanted}, found {found}. Fetch the original again.")
