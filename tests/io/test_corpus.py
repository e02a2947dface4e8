import builtins
import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError

from nevus.contracts import (
    MANIFEST_COLUMNS,
    QUARANTINE_COLUMNS,
    WARNING_COLUMNS,
    Corpus,
    CorpusError,
    CorpusRecipe,
    Pixels,
    QuarantineError,
    Table,
    no_warnings,
)
from nevus.corpus.pack import recipe
from nevus.io import corpus_folder
from nevus.io.corpus import CorpusDataset
from nevus.io.corpus_folder import FILES, STATE
from nevus.io.files import WarningsDataset
from nevus.io.source import SourceDataset
from nevus.locks import BusyError
from nevus.readers.melanoma_detection import read
from nevus.readers.options import MelanomaDetectionOptions
from tests.fakes import melanoma_files, write_zip

OPTIONS = {"size": 8, "resize": "squash", "chunk": 5, "workers": 0, "max_pixels": 10**6, "max_quarantined_share": 0.1}


class Recipe:
    """A corpus made by hand: `count` images whose every pixel is their row plus `offset`."""

    def __init__(
        self, fingerprint: str = "one", count: int = 6, offset: int = 0, splits: list[str] | None = None
    ) -> None:
        names = splits or ["labeled", "labeled", "unlabeled", "test", "test", "test"][:count]
        rows = {column: [None] * count for column in MANIFEST_COLUMNS}
        rows |= {"image_id": [str(i) for i in range(count)], "split": names, "row": list(range(count))}
        self.manifest = pd.DataFrame(rows).astype({"label": "Int64"})
        self.pixels = np.repeat(np.arange(count, dtype=np.uint8) + offset, 48).reshape(count, 4, 4, 3)
        self.quarantine = pd.DataFrame([("bad.jpg", "file is empty")], columns=list(QUARANTINE_COLUMNS))
        self.fingerprint = fingerprint
        self.followed = 0
        self.after_chunk: Callable[[int], None] = lambda index: None
        self.check: Callable[[Table, Table], None] = lambda manifest, quarantine: None

    def chunks(self) -> Iterator[tuple[Pixels, Table, Table]]:
        self.followed += 1
        for start in range(0, len(self.pixels), 2):
            part = slice(start, start + 2)
            yield self.pixels[part], self.manifest[part], self.quarantine if start == 0 else self.quarantine[:0]
            self.after_chunk(start // 2)

    def made(self) -> CorpusRecipe:
        """As the contract has it; one image more is expected than comes."""
        total = len(self.pixels) + 1
        return CorpusRecipe(self.fingerprint, (4, 4), self.chunks, total, lambda *tables: self.check(*tables))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "primary" / "corpus"


def _dataset(path: Path, **options: Any) -> CorpusDataset:
    return CorpusDataset(filepath=str(path), **options)


def _cause(action: Callable[..., Any], *arguments: Any) -> BaseException:
    with pytest.raises(DatasetError) as caught:
        action(*arguments)
    assert caught.value.__cause__ is not None
    return caught.value.__cause__


def _assert_whole(path: Path, fingerprint: str, offset: int = 0) -> None:
    corpus = _dataset(path).load()
    assert corpus.fingerprint == fingerprint
    np.testing.assert_array_equal(corpus.pixels[:, 0, 0, 0], corpus.manifest["row"] + offset)
    assert sorted(entry.name for entry in path.iterdir()) == sorted(FILES)
    assert [entry.name for entry in path.parent.iterdir() if entry.name.endswith((".new", ".old"))] == []


def _raise(error: BaseException) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


def test_what_is_saved_is_loaded(path: Path) -> None:
    made = Recipe()
    _dataset(path).save(made.made())
    corpus = _dataset(path).load()
    assert isinstance(corpus, Corpus)
    assert isinstance(corpus.pixels, np.memmap)
    assert not corpus.pixels.flags.writeable
    np.testing.assert_array_equal(corpus.pixels, made.pixels)
    pd.testing.assert_frame_equal(corpus.manifest, made.manifest)
    assert pd.read_csv(path / "quarantine.csv").to_numpy().tolist() == [["bad.jpg", "file is empty"]]
    assert json.loads((path / "fingerprint.json").read_text())["images"] == 6


def test_unchanged_recipe_is_not_followed_again(path: Path) -> None:
    made = Recipe()
    for _ in range(3):
        _dataset(path).save(made.made())
    assert made.followed == 1


def test_changed_recipe_replaces_the_corpus(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    _dataset(path).save(Recipe("two", count=4, offset=7).made())
    _assert_whole(path, "two", offset=7)


@pytest.mark.parametrize("name", FILES)
def test_incomplete_corpus_is_packed_again(path: Path, name: str) -> None:
    _dataset(path).save(Recipe().made())
    (path / name).unlink()
    assert not _dataset(path).exists()
    assert isinstance(_cause(_dataset(path).load), CorpusError)
    _dataset(path).save(Recipe().made())
    _assert_whole(path, "one")


def test_pixels_cut_short_are_packed_again(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    os.truncate(path / "pixels.npy", 200)
    _dataset(path).save(Recipe().made())
    _assert_whole(path, "one")


def test_second_run_waits_for_the_first_and_packs_nothing(path: Path) -> None:
    made, started, go_on = Recipe(), threading.Event(), threading.Event()

    def pause(index: int) -> None:
        started.set()
        go_on.wait(10)

    made.after_chunk = pause
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_dataset(path).save, made.made())
        assert started.wait(10)
        second = pool.submit(_dataset(path).save, made.made())
        with pytest.raises(TimeoutError):
            second.result(0.2)
        go_on.set()
        first.result(10)
        second.result(10)
    assert made.followed == 1
    _assert_whole(path, "one")


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt()])
def test_interrupted_save_leaves_the_old_corpus(path: Path, error: BaseException) -> None:
    _dataset(path).save(Recipe().made())
    second = Recipe("two", offset=7)
    second.after_chunk = lambda index: _raise(error)() if index == 1 else None
    with pytest.raises((DatasetError, KeyboardInterrupt)):
        _dataset(path).save(second.made())
    _assert_whole(path, "one")


def test_failed_swap_leaves_the_old_corpus(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _dataset(path).save(Recipe().made())
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        return _raise(OSError("no"))() if self.name.endswith(".new") else rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(DatasetError):
        _dataset(path).save(Recipe("two", offset=7).made())
    _assert_whole(path, "one")


@pytest.mark.parametrize("first", ["load", "save"])
def test_crash_between_the_renames_is_put_right(path: Path, first: str) -> None:
    _dataset(path).save(Recipe().made())
    path.rename(path.with_name(".corpus.old"))
    path.with_name(".corpus.new").mkdir()
    if first == "load":
        _dataset(path).load()
    else:
        unchanged = Recipe()
        _dataset(path).save(unchanged.made())
        assert unchanged.followed == 0
    _assert_whole(path, "one")


def test_leavings_of_a_crashed_run_are_removed(path: Path) -> None:
    crashed = path.with_name(".corpus.new")
    crashed.mkdir(parents=True)
    (crashed / "pixels.npy").write_bytes(b"half")
    _dataset(path).save(Recipe().made())
    _assert_whole(path, "one")


@pytest.mark.parametrize("place", ["pixels", "manifest", "sync"])
def test_full_disk_leaves_the_old_corpus_and_says_what_was_wanted(
    path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _dataset(path).save(Recipe().made())
    full = _raise(OSError(errno.ENOSPC, "No space left on device"))
    second = Recipe("two", offset=7)
    with monkeypatch.context() as patched:
        if place == "pixels":
            second.after_chunk = lambda index: patched.setattr(np, "ascontiguousarray", full)
        elif place == "manifest":
            patched.setattr(pd.DataFrame, "to_parquet", full)
        else:
            patched.setattr(os, "fsync", full)
        cause = _cause(_dataset(path).save, second.made())
    assert isinstance(cause, CorpusError)
    assert str(path) in str(cause)
    assert f"{7 * 48:,} bytes" in str(cause)
    _assert_whole(path, "one")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_noticed_by_the_write_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _dataset(path).save(Recipe().made())
    real = Path.open

    def full(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.name == "pixels.npy" and "wb" in arguments:
            return builtins.open("/dev/full", "wb")  # noqa: PTH123
        return real(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", full)
        assert isinstance(_cause(_dataset(path).save, Recipe("two").made()), CorpusError)
    _assert_whole(path, "one")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_an_error_of_the_decoding_is_not_one_of_the_disk_packed_to(path: Path, code: int) -> None:
    recipe = Recipe()
    recipe.after_chunk = lambda index: _raise(OSError(code, os.strerror(code)))()
    cause = _cause(_dataset(path).save, recipe.made())
    assert isinstance(cause, CorpusError)
    assert "could not be read and decoded" in str(cause)
    assert os.strerror(code) in str(cause)
    assert "disk is full" not in str(cause)


def test_a_run_that_packs_for_too_long_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_folder, "PACKING_SECONDS", 0.1)
    held = corpus_folder.CorpusFolder(path)
    with held.alone():
        cause = _cause(_dataset(path).save, Recipe().made())
    assert isinstance(cause, BusyError)
    assert f"process {os.getpid()}" in str(cause)
    assert str(path.with_name(".corpus.lock")) in str(cause)


def test_refused_corpus_leaves_the_old_one_and_a_report(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    second = Recipe("two", offset=7)
    second.check = lambda manifest, quarantine: _raise(QuarantineError("too many", quarantine))()
    cause = _cause(_dataset(path).save, second.made())
    report = path.with_name("corpus.quarantine.csv")
    assert isinstance(cause, QuarantineError)
    assert str(report) in str(cause)
    assert "too many" in str(cause)
    assert pd.read_csv(report).equals(cause.table)
    _assert_whole(path, "one")
    _dataset(path).save(Recipe().made())
    assert not report.exists()


def test_check_sees_the_whole_manifest_and_quarantine(path: Path) -> None:
    made, seen = Recipe(), []
    made.check = lambda *tables: seen.extend(tables)
    _dataset(path).save(made.made())
    assert [len(table) for table in seen] == [6, 1]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_corpus_is_not_deleted(path: Path, kind: str) -> None:
    precious = path / "thesis.tex" if kind == "folder" else path
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    cause = _cause(_dataset(path).save, Recipe().made())
    assert isinstance(cause, CorpusError)
    assert precious.read_text() == "years of work"


def test_a_folder_of_hidden_leavings_is_no_obstacle(path: Path) -> None:
    path.mkdir(parents=True)
    for name in (".gitkeep", ".fingerprint.json.4f2a.part"):  # the latter by a killed run
        (path / name).touch()
    _dataset(path).save(Recipe().made())
    _assert_whole(path, "one")


@pytest.mark.parametrize("splits", [["test"], ["labeled", "unlabeled"], ["unlabeled"], ["labeled", "test"]])
def test_only_the_chosen_splits_are_loaded(path: Path, splits: list[str]) -> None:
    made = Recipe()
    _dataset(path).save(made.made())
    corpus = _dataset(path, splits=splits).load()
    want = made.manifest["split"].isin(splits).to_numpy()
    np.testing.assert_array_equal(corpus.pixels, made.pixels[want])
    assert corpus.manifest["image_id"].tolist() == made.manifest["image_id"][want].tolist()
    assert corpus.manifest["row"].tolist() == list(range(want.sum())) == corpus.manifest.index.tolist()
    with pytest.raises((TypeError, ValueError)):
        corpus.pixels[0] = 0


def test_contiguous_splits_stay_memory_mapped(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    assert isinstance(_dataset(path, splits=["unlabeled", "labeled"]).load().pixels, np.memmap)


def test_absent_split_is_refused(path: Path) -> None:
    _dataset(path).save(Recipe(count=3).made())
    cause = _cause(_dataset(path, splits=["test"]).load)
    assert isinstance(cause, CorpusError)
    assert "test" in str(cause)


@pytest.mark.parametrize("splits", [[], ["training"]])
def test_unknown_splits_are_refused(path: Path, splits: list[str]) -> None:
    with pytest.raises(ValueError, match="splits"):
        _dataset(path, splits=splits)


def test_missing_corpus_says_how_to_make_it(path: Path) -> None:
    assert not _dataset(path).exists()
    cause = _cause(_dataset(path).load)
    assert isinstance(cause, CorpusError)
    assert "kedro run --pipeline=ingestion" in str(cause)


def test_preview_is_a_table_that_json_can_carry(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    preview = _dataset(path).preview(nrows=2)
    assert preview["columns"] == list(MANIFEST_COLUMNS)
    assert json.loads(json.dumps(preview))["data"][1][:3] == ["1", "labeled", None]
    assert len(preview["data"]) == 2


def test_catalog_serves_one_corpus_in_three_views(path: Path) -> None:
    kind = "nevus.io.corpus.CorpusDataset"
    views = {"packed": None, "training": ["labeled", "unlabeled"], "test": ["test"]}
    catalog = DataCatalog.from_config(
        {f"corpus@{name}": {"type": kind, "filepath": str(path), "splits": splits} for name, splits in views.items()}
    )
    catalog["corpus@packed"].save(Recipe().made())
    assert [len(catalog.load(f"corpus@{name}").pixels) for name in views] == [6, 3, 3]


def _warnings_view(path: Path) -> WarningsDataset:
    return WarningsDataset(filepath=str(path / "warnings.csv"), load_args={"dtype": str, "keep_default_na": False})


@pytest.mark.parametrize("rows", [[], [("007", "age", "NA")]])
def test_warnings_are_read_as_they_were_packed(path: Path, rows: list[tuple[str, str, str]]) -> None:
    table = pd.DataFrame(rows, columns=list(WARNING_COLUMNS), dtype=str)
    _dataset(path).save(replace(Recipe().made(), warnings=table))
    assert _warnings_view(path).load().to_numpy().tolist() == [list(row) for row in rows]


def test_a_corpus_of_an_older_version_has_no_warnings(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    state = json.loads((path / STATE).read_text())
    del state["bytes"]["warnings.csv"]
    (path / STATE).write_text(json.dumps(state))
    (path / "warnings.csv").unlink()
    assert len(_dataset(path).load().manifest) == 6
    pd.testing.assert_frame_equal(_warnings_view(path).load(), no_warnings())


def test_warnings_of_no_corpus_are_missing(path: Path) -> None:
    assert isinstance(_cause(_warnings_view(path).load), FileNotFoundError)


def _ingest(archive: Path, path: Path, **options: Any) -> Corpus:
    source = SourceDataset(filepath=str(archive)).load()
    _dataset(path).save(recipe(read(source, MelanomaDetectionOptions(), size=8), **OPTIONS | options))
    return _dataset(path).load()


def test_changed_file_and_parameter_are_noticed(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nevus.corpus import chunks

    calls, real = [], chunks.decode
    monkeypatch.setattr(chunks, "decode", lambda *args, **kwargs: calls.append(1) or real(*args, **kwargs))
    files = melanoma_files(4, 2, 4)
    archive = write_zip(tmp_path / "raw.zip", files)
    first = _ingest(archive, path)
    assert len(calls) == 2
    _ingest(archive, path)
    assert len(calls) == 2
    assert _ingest(archive, path, size=4).pixels.shape == (10, 4, 4, 3)
    assert len(calls) == 4
    name = "MelanomaDetection/labeled/0_0.jpg"
    write_zip(archive, files | {name: melanoma_files(1, 0, 1, top="")["test/0_0.jpg"]})
    changed = _ingest(archive, path)
    assert len(calls) == 6
    assert changed.manifest["sha256"][0] != first.manifest["sha256"][0]


def test_share_exceeded_leaves_the_old_corpus(path: Path, tmp_path: Path) -> None:
    files = melanoma_files()
    archive = write_zip(tmp_path / "raw.zip", files)
    before = _ingest(archive, path).fingerprint
    bad = {name: data if "unlabeled" not in name else data[:-30] for name, data in files.items()}
    write_zip(archive, bad | {"../x.jpg": b"", "notes.txt": b""})
    cause = _cause(_ingest, archive, path)
    assert isinstance(cause, QuarantineError)
    assert len(cause.table) == 8
    assert "ingestion.max_quarantined_share" in str(cause)
    assert _dataset(path).load().fingerprint == before


def test_real_archive_is_packed_without_quarantine(path: Path, sample_data: Path) -> None:
    corpus = _ingest(sample_data / "melanoma_detection" / "MelanomaDetection.zip", path, size=32, chunk=1024)
    counts = corpus.manifest["split"].value_counts(sort=False).to_dict()
    assert list(counts.items()) == [("labeled", 200), ("unlabeled", 7018), ("test", 300)]
    assert corpus.pixels.shape == (7518, 32, 32, 3)
    assert pd.read_csv(path / "quarantine.csv").empty
    assert corpus.manifest["sha256"].duplicated().sum() == 2  # the two byte-identical pairs in unlabeled/


def _assignment(path: Path, **changes: Any) -> dict[str, str]:
    """Of the images of `Recipe`: the first is left out, the second's label is hidden."""
    columns: dict[str, Any] = {
        "image_id": [str(i) for i in range(6)],
        "split": [None, "unlabeled", "unlabeled", "test", "test", "labeled"],
        "label": pd.array([None, None, None, 0, 1, 1], dtype="Int64"),
    }
    file = path.parent / "assignment.parquet"
    pd.DataFrame(columns | changes).to_parquet(file)
    return {"filepath": str(file)}


def test_an_assignment_stands_in_for_the_splits_of_the_source(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    assignment = _assignment(path)
    training = _dataset(path, assignment=assignment, splits=["labeled", "unlabeled"]).load()
    assert training.manifest["image_id"].tolist() == ["1", "2", "5"]
    assert training.manifest["label"].tolist()[2] == 1
    assert training.manifest["label"].isna().tolist() == [True, True, False]
    assert training.pixels[:, 0, 0, 0].tolist() == [1, 2, 5]
    assert training.manifest["row"].tolist() == [0, 1, 2]


def test_another_assignment_gives_another_fingerprint(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    first = _dataset(path, assignment=_assignment(path)).load().fingerprint
    assert _dataset(path, assignment=_assignment(path)).load().fingerprint == first
    changed = _assignment(path, split=[None, None, "unlabeled", "test", "test", "labeled"])
    assert first not in (_dataset(path, assignment=changed).load().fingerprint, _dataset(path).load().fingerprint)


def test_an_assignment_of_other_images_is_refused(path: Path) -> None:
    _dataset(path).save(Recipe().made())
    stale = _assignment(path, image_id=["another", *map(str, range(1, 6))])
    assert "kedro run --pipeline=ingestion" in str(_cause(_dataset(path, assignment=stale).load))
    missing = {"filepath": str(path.parent / "nothing.parquet")}
    assert "nothing.parquet" in str(_cause(_dataset(path, assignment=missing).load))


def test_a_hidden_label_takes_its_diagnosis_along(path: Path) -> None:
    """Images 1 and 2 are unlabelled; the packed corpus itself, which nobody trains on, keeps what the source said."""
    made = Recipe()
    made.manifest["diagnosis"] = ["nevus", "melanoma", "melanoma", "nevus", "melanoma", "nevus"]
    _dataset(path).save(made.made())
    training = _dataset(path, assignment=_assignment(path), splits=["labeled", "unlabeled"]).load().manifest
    assert training["diagnosis"].isna().tolist() == training["label"].isna().tolist() == [True, True, False]
    assert training["diagnosis"].iloc[2] == "nevus"
    shown = training[training["split"] == "unlabeled"].drop(columns=["image_id", "split", "row"])
    assert shown.isna().all(axis=None)  # no other column of these images says anything
    assert _dataset(path).load().manifest["diagnosis"].notna().all()


def test_the_parameters_of_packing_and_splitting_come_back(path: Path) -> None:
    _dataset(path).save(replace(Recipe().made(), origin={"format": "phantom", "size": 4, "options": (1, None)}))
    packed = {"format": "phantom", "size": 4, "options": [1, None]}
    assert _dataset(path).load().origin == {"ingestion": packed}
    assignment = _assignment(path)
    table = pd.read_parquet(assignment["filepath"])
    table.attrs["splits"] = {"seed": 3, "test": "hold_out", "label_budget": None}
    before = _dataset(path, assignment=assignment).load()
    table.to_parquet(assignment["filepath"])
    after = _dataset(path, assignment=assignment, splits=["test"]).load()
    assert before.origin == {"ingestion": packed}
    assert after.origin == {"ingestion": packed, "splits": {"seed": 3, "test": "hold_out", "label_budget": None}}
    assert after.fingerprint == before.fingerprint


def test_a_corpus_that_knows_no_parameters_learns_them_without_being_packed_again(path: Path) -> None:
    made = Recipe()
    _dataset(path).save(made.made())
    file = path / "fingerprint.json"
    state = json.loads(file.read_text())
    del state["origin"]  # as older versions wrote it
    file.write_text(json.dumps(state))
    assert _dataset(path).load().origin == {}
    _dataset(path).save(made.made())
    assert json.loads(file.read_text()) == state
    for workers in (0, 2):
        _dataset(path).save(replace(made.made(), origin={"workers": workers}))
        assert _dataset(path).load().origin == {"ingestion": {"workers": workers}}
    assert made.followed == 1
    _assert_whole(path, "one")


def test_images_of_another_size_are_refused_where_the_folder_is_named_by_it(path: Path) -> None:
    _dataset(path, size=4).save(Recipe().made())
    _dataset(path).save(Recipe("two").made())
    cause = _cause(_dataset(path, size=8).save, Recipe("three").made())
    assert isinstance(cause, CorpusError)
    for wanted in ("4 x 4", "8 x 8", "folder's name", "conf/<env>/globals.yml", "--params ingestion.size=8"):
        assert wanted in str(cause)
    _assert_whole(path, "two")


def test_the_classes_come_back(path: Path) -> None:
    made = Recipe().made()
    _dataset(path).save(replace(made, classes=("akiec", "bcc", "mel")))
    assert _dataset(path).load().classes == ("akiec", "bcc", "mel")
