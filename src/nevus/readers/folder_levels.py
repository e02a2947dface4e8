"""Folders of a source by depth: those around everything, as of an archive inside its own folder, say nothing."""

from collections.abc import Iterable
from itertools import takewhile

from nevus.readers.split_folders import split_of


def folder_levels(names: Iterable[str]) -> list[set[str]]:
    """The folders at each depth, outermost first; files in hidden folders do not count."""
    levels: list[set[str]] = []
    for name in names:
        folders = name.split("/")[:-1]
        if any(folder.startswith(".") for folder in folders):
            continue
        for depth, folder in enumerate(folders):
            if depth == len(levels):
                levels.append(set())
            levels[depth].add(folder)
    return levels


def around_all(levels: Iterable[set[str]]) -> int:
    """How many levels come before the first with several folders; files that lie above it do not matter."""
    return sum(1 for _ in takewhile(lambda folders: len(folders) == 1, levels))


def split_depths(names: Iterable[str]) -> tuple[int, ...]:
    """At which depths the folder of a split may stand; at the first of them where a file has one, it does.

    Within the folders around everything, or inside one folder: `part_1/train`, `part_2/train`. At one depth only
    where all folders are splits, the innermost such: of `train/train` and `train/test` the outer one says nothing.
    """
    levels = folder_levels(names)
    around = around_all(levels)
    splits = [depth for depth, folders in enumerate(levels[: around + 1]) if all(map(split_of, folders))]
    return (splits[-1],) if splits else tuple(range(max(around, 1) + 1))
