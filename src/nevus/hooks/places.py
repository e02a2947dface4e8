"""Where a parameter was set."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nevus.hooks.nested import holds, look_up

READ = ("catalog*", "globals*", "parameters*")  # what Kedro reads of an environment


def environments(conf: Path) -> list[str]:
    """Names of the environments in a folder: its folders that hold something which Kedro reads, and `local`."""
    folders = [folder for folder in conf.iterdir() if folder.is_dir()]
    return sorted(one.name for one in folders if one.name == "local" or any(any(one.glob(name)) for name in READ))


class Places:
    """Finds where a parameter was set.

    Args:
        conf: Folder of the configuration.
        environments: Names of its sub-folders, the one that wins first.
        given: Parameters of the command line, nested.
    """

    def __init__(self, conf: Path, environments: Iterable[str | None], given: Mapping[str, Any]) -> None:
        self._conf = conf
        self._environments = [name for name in environments if name]
        self._given = given

    def find(self, path: tuple[str, ...]) -> str:
        """Where the parameter at this path was set, or the nearest of its parents: a file, or --params."""
        if (place := self._set(path)) is not None:
            return place
        if (other := self._taken_over(path)) is not None:
            return self.find(other)
        places = (self._set(path[:length]) for length in range(len(path) - 1, 0, -1))
        return next((place for place in places if place), f"{self._conf.name}/base/parameters/{path[0]}.yml")

    def _set(self, path: tuple[str, ...]) -> str | None:
        """Where just this path was set."""
        if holds(self._given, path):
            return "--params"
        holding = (file for file, content in self._files() if holds(content, path))
        return next((f"{self._conf.name}/{file.relative_to(self._conf).as_posix()}" for file in holding), None)

    def _taken_over(self, path: tuple[str, ...]) -> tuple[str, ...] | None:
        """The path that this one is an interpolation of, such as `classifier.loop.steps` for `ssgan.loop.steps`."""
        for content in self._contents():
            for length in range(1, len(path) + 1):
                found = look_up(content, path[:length])
                if isinstance(found, str) and (other := re.fullmatch(r"\$\{([A-Za-z_][\w.]*)\}", found)):
                    return (*other[1].split("."), *path[length:])
        return None

    def members(self, path: tuple[str, ...]) -> list[str]:
        """Names in the block at this path, wherever they are set, in the order of the files."""
        blocks = (look_up(content, path) for content in self._contents())
        return list(dict.fromkeys(str(name) for block in blocks if isinstance(block, Mapping) for name in block))

    def _contents(self) -> Iterable[Any]:
        """What sets parameters, the one that wins first."""
        yield self._given
        yield from (content for _, content in self._files())

    def _files(self) -> Iterable[tuple[Path, Any]]:
        import yaml

        for environment in self._environments:
            folder = self._conf / environment
            for file in sorted({*folder.rglob("parameters*.y*ml"), *folder.glob("parameters*/**/*.y*ml")}):
                yield file, yaml.safe_load(file.read_text(encoding="utf-8"))
