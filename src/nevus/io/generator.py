"""A generator as a folder: weights, how to build it, and what it was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from nevus.contracts import NevusError, SavedGenerator, Weights
from nevus.io.atomic import replacing_folder

VERSION = 1
WEIGHTS, LAST, SPEC, RECORD = "weights.safetensors", "last.safetensors", "spec.json", "record.json"
WANTED = ("network", "latent", "size", "classes", "conditional")
TRAIN = "Train one by `kedro run --pipeline=synthesis`."


class GeneratorDataset(AbstractDataset[SavedGenerator, SavedGenerator]):
    """A folder with safetensors and JSON; nothing in it is pickled.

    Args:
        filepath: The folder; replaced as a whole when a generator is saved.
        metadata: Kept for hooks and plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> SavedGenerator:
        """Read the generator back.

        Raises:
            NevusError: There is none in the folder, it is of a later version, or a file of it is damaged.
        """
        spec = self._json(SPEC)
        if spec.get("version", 0) > VERSION:
            raise NevusError(
                f"the generator in {self._filepath} was saved in version {spec['version']} of its format, and this "
                f"nevus reads versions up to {VERSION}. Update nevus."
            )
        if missing := [name for name in WANTED if name not in spec]:
            raise NevusError(
                f"{self._filepath / SPEC} does not say {', '.join(missing)} of its generator, so it cannot be built. "
                f"{TRAIN}"
            )
        return SavedGenerator(self._weights(WEIGHTS), self._weights(LAST), spec, self.record())

    def record(self) -> dict[str, Any]:
        """What the generator was trained on, without its weights and without importing PyTorch.

        Raises:
            NevusError: There is no generator in the folder.
        """
        return self._json(RECORD)

    def save(self, data: SavedGenerator) -> None:
        """Write the folder beside its place, then move it there: a reader finds the old generator or the new one."""
        from safetensors.torch import save_file

        with replacing_folder(self._filepath) as fresh:
            for name, weights in ((WEIGHTS, data.weights), (LAST, data.last)):
                save_file({key: tensor.detach().cpu().contiguous() for key, tensor in weights.items()}, fresh / name)
            for name, content in ((SPEC, {"version": VERSION, **data.spec}), (RECORD, data.record)):
                (fresh / name).write_text(json.dumps(content, indent=2), encoding="utf-8")

    def _json(self, name: str) -> dict[str, Any]:
        file = self._filepath / name
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NevusError(f"there is no generator in {self._filepath}: it has no {name}. {TRAIN}") from error
        except ValueError as error:
            raise NevusError(f"{file} is damaged: it is no JSON. {TRAIN}") from error
        if not isinstance(found, dict):
            raise NevusError(f"{file} is damaged: it holds no settings. {TRAIN}")
        return found

    def _weights(self, name: str) -> Weights:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            found: Weights = load_file(self._filepath / name)
        except (FileNotFoundError, SafetensorError) as error:
            raise NevusError(
                f"the weights of the generator in {self._filepath / name} cannot be read. {TRAIN}"
            ) from error
        return found

    def _exists(self) -> bool:
        return (self._filepath / SPEC).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
