"""Images inside TFRecord shards, as files under names."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nevus.contracts import Source, SourceError
from nevus.tfrecord import example, framing
from nevus.tfrecord.example import ExampleError, decode
from nevus.tfrecord.framing import Content, Fault, frame_at, unpack


class ShardSource:
    """The images of records, read from their shards (implements `nevus.contracts.Source`).

    The last shard read is held, unpacked, and nothing else; a pickled copy starts without it. So reading in the order
    of the records reads every shard once.

    Args:
        source: Where the shards lie.
        offsets: Name of a record, `<shard>#<number>`, to the position of the record in the unpacked shard, in bytes.
        feature: Name of the feature that holds the encoded image.
    """

    def __init__(self, source: Source, offsets: Mapping[str, int], *, feature: str) -> None:
        self._source = source
        self._offsets = dict(offsets)
        self._feature = feature
        self._held: tuple[str, Content] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": None}

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the source's fingerprint, the records and the code that reads them."""
        digest = hashlib.sha256(f"{self._source.fingerprint} {self._feature} {sorted(self._offsets.items())}".encode())
        for file in (example.__file__, framing.__file__, __file__):
            digest.update(Path(str(file)).read_bytes())
        return digest.hexdigest()

    def names(self) -> list[str]:
        """Names of the records, sorted."""
        return sorted(self._offsets)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """The encoded images of the named records, in order.

        Raises:
            SourceError: There is no such record, its shard cannot be read, or the record changed since it was listed.
        """
        unknown = [name for name in names if name not in self._offsets]
        if unknown:
            raise SourceError(f"The shards have {len(self._offsets):,} records, but no '{unknown[0]}'.")
        order = sorted(
            range(len(names)), key=lambda position: (_shard(names[position]), self._offsets[names[position]])
        )
        images = {position: self._image(names[position]) for position in order}
        return [images[position] for position in range(len(names))]

    def _image(self, name: str) -> bytes:
        found = frame_at(self._content(_shard(name)), self._offsets[name])
        if isinstance(found, Fault):
            raise SourceError(f"The record {name} changed since it was listed ({found.reason}). Run again.")
        try:
            values = decode(found.data).get(self._feature, ())
        except ExampleError as error:
            raise SourceError(f"The record {name} changed since it was listed ({error}). Run again.") from error
        if len(values) != 1 or not isinstance(values[0], bytes):
            raise SourceError(f"The record {name} wants one value of bytes in '{self._feature}', has {len(values)}.")
        return values[0]

    def _content(self, shard: str) -> Content:
        if self._held is None or self._held[0] != shard:
            self._held = None  # before the next is read, so that never two are in memory
            self._held = (shard, unpack(self._source.read([shard])[0]).content)
        return self._held[1]


def _shard(name: str) -> str:
    return name.rpartition("#")[0]
