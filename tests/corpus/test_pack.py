import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nevus import quarantine
from nevus.contracts import (
    QUARANTINE_COLUMNS,
    CorpusError,
    CorpusRecipe,
    Listing,
    Pixels,
    QuarantineError,
    SourceError,
    Table,
)
from nevus.corpus import pack
from nevus.corpus.decode import decode
from nevus.corpus.pack import recipe
from nevus.corpus.schema import MANIFEST
from tests.fakes import FakeSource, encode, fake_jpeg, fake_pixels

OPTIONS = {"size": 8, "resize": "squash", "chunk": 4, "workers": 0, "max_pixels": 10**6, "max_quarantined_share": 0.5}
SPLIT_OF = {"a": "test", "b": "unlabeled", "c": "labeled"}


def _listing(files: dict[str, bytes], quarantine: Sequence[tuple[str, str]] = ()) -> Listing:
    """Names such as c/0_1.jpg: the folder tells the split (in the wrong order, by name), the last digit the label."""
    rows = [
        {
            "file": name,
            "image_id": name,
            "split": SPLIT_OF[name[0]],
            "label": None if name[0] == "b" else int(name.split("_")[1][0]),
            "source": "fake",
        }
        for name in sorted(files)
    ]
    table = pd.DataFrame(list(quarantine), columns=list(QUARANTINE_COLUMNS), dtype=str)
    return Listing(
        pd.DataFrame(rows, columns=["file", "image_id", "split", "label", "source"]), table, FakeSource(files)
    )


def _files() -> dict[str, bytes]:
    names = [f"{split}/{number}_{number % 2}.jpg" for split in "abc" for number in range(3)]
    return {name: fake_jpeg(seed) for seed, name in enumerate(names)}


def _follow(made: CorpusRecipe) -> tuple[Pixels, Table, Table]:
    pixels, manifests, quarantines = zip(*made.chunks(), strict=True)
    return np.concatenate(pixels), pd.concat(manifests, ignore_index=True), pd.concat(quarantines, ignore_index=True)


def _decoded(data: bytes) -> Pixels:
    return decode([data], 8, max_pixels=999, resize="squash").pixels[0]


def _check(files: dict[str, bytes], **options: Any) -> None:
    made = recipe(_listing(files), **OPTIONS | options)
    _, manifest, quarantine = _follow(made)
    made.check(manifest, quarantine)


def test_manifest_describes_the_pixels() -> None:
    files = _files() | {"c/9_1.jpg": fake_jpeg(9, 10, 20)}
    made = recipe(_listing(files), **OPTIONS)
    pixels, manifest, quarantine = _follow(made)
    MANIFEST.validate(manifest)
    assert quarantine.empty
    assert (made.total, made.shape, pixels.shape) == (10, (8, 8), (10, 8, 8, 3))
    for row in manifest.itertuples():
        np.testing.assert_array_equal(pixels[row.row], _decoded(files[row.image_id]))
        assert row.sha256 == hashlib.sha256(files[row.image_id]).hexdigest()
    assert manifest.set_index("image_id").loc["c/9_1.jpg", ["width", "height"]].tolist() == [20, 10]


def test_rows_are_ordered_by_split_and_else_as_listed() -> None:
    _, manifest, _ = _follow(recipe(_listing(_files()), **OPTIONS))
    assert manifest["image_id"].str[0].tolist() == list("cccbbbaaa")
    assert manifest["image_id"].tolist()[:3] == ["c/0_0.jpg", "c/1_1.jpg", "c/2_0.jpg"]


@pytest.mark.parametrize(("chunk", "workers"), [(1, 0), (2, 0), (9, 0), (100, 0), (2, 2), (100, None)])
def test_chunks_and_workers_change_nothing(chunk: int, workers: int | None) -> None:
    pngs = {
        name: encode(fake_pixels(seed), "PNG") for seed, name in enumerate(_files())
    }  # a worker need not have torch
    files = pngs | {"c/1_1.jpg": b""}
    want = recipe(_listing(files), **OPTIONS)
    got = recipe(_listing(files), **OPTIONS | {"chunk": chunk, "workers": workers})
    assert want.fingerprint == got.fingerprint
    for expected, found in zip(_follow(want), _follow(got), strict=True):
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(expected, found)
        else:
            np.testing.assert_array_equal(expected, found)


def test_at_most_one_chunk_is_read_ahead() -> None:
    listing = _listing(_files())
    chunks = recipe(listing, **OPTIONS).chunks()
    assert listing.source.reads == []
    next(chunks)
    assert 4 <= len(listing.source.reads) <= 8


def test_bad_files_are_quarantined_and_rows_stay_in_step() -> None:
    files = _files() | {"c/1_1.jpg": b"", "b/0_0.jpg": b"text", "b/2_0.jpg": fake_jpeg(3)[:-50]}
    listing = _listing(files, [("x.txt", "unknown folder")])
    pixels, manifest, quarantine = _follow(recipe(listing, **OPTIONS))
    assert sorted(quarantine["file"]) == ["b/0_0.jpg", "b/2_0.jpg", "c/1_1.jpg", "x.txt"]
    assert manifest["row"].tolist() == list(range(6)) == list(range(len(pixels)))
    last = manifest.iloc[-1]
    np.testing.assert_array_equal(pixels[-1], _decoded(files[last["image_id"]]))


def test_file_that_the_source_cannot_give_is_quarantined_alone() -> None:
    class Damaged(FakeSource):
        def read(self, names: Sequence[str]) -> list[bytes]:
            if "c/1_1.jpg" in names:
                raise SourceError("bad checksum")
            return super().read(names)

    listing = _listing(_files())
    _, manifest, quarantine = _follow(recipe(replace(listing, source=Damaged(_files())), **OPTIONS))
    assert len(manifest) == 8
    assert quarantine.to_numpy().tolist() == [["c/1_1.jpg", "cannot be read from the source: bad checksum"]]


def test_too_many_quarantined_are_refused_with_the_whole_table() -> None:
    files = _files() | {"c/1_1.jpg": b"", "b/0_0.jpg": b"", "b/1_1.jpg": b"text"}
    _check(files | {"c/5_1.jpg": fake_jpeg(20)}, max_quarantined_share=0.3)  # 3 of 10
    with pytest.raises(QuarantineError) as caught:
        _check(files, max_quarantined_share=0.3)
    message = str(caught.value)
    assert len(caught.value.table) == 3
    for part in (
        "33.3%",
        "30.0%",
        "2 x file is empty",
        "b/1_1.jpg",
        "ingestion.max_quarantined_share",
        "ingestion.yml",
    ):
        assert part in message


def test_reasons_are_counted_without_what_is_particular_to_a_file() -> None:
    files = _files() | {"b/0_0.jpg": fake_jpeg(0, 20, 20), "b/1_1.jpg": fake_jpeg(1, 20, 30)}
    with pytest.raises(QuarantineError, match=r"2 x more pixels than ingestion\.max_pixels allows\n"):
        _check(files, max_pixels=100, max_quarantined_share=0.0)


@pytest.mark.parametrize(("split", "label", "name"), [("c", 1, "melanoma"), ("c", 0, "benign"), ("a", 1, "melanoma")])
def test_class_lost_in_decoding_is_refused(split: str, label: int, name: str) -> None:
    files = {file: b"" if file.startswith(split) and f"_{label}" in file else data for file, data in _files().items()}
    with pytest.raises(CorpusError, match=f"{SPLIT_OF[split]} split(.|\n)*'{name}'"):
        _check(files)


def test_test_split_lost_in_decoding_is_refused() -> None:
    with pytest.raises(CorpusError, match="test split"):
        _check({file: b"" if file.startswith("a") else data for file, data in _files().items()})


def test_classes_are_those_of_the_listing() -> None:
    files = {f"c/{number}_{number}.jpg": fake_jpeg(number) for number in range(3)}
    listing = replace(_listing(files), classes=("a", "b", "c"))
    made = recipe(listing, **OPTIONS)
    assert made.classes == ("a", "b", "c")
    _, manifest, quarantine = _follow(made)
    made.check(manifest, quarantine)
    with pytest.raises(CorpusError, match="'d'"):
        recipe(replace(listing, classes=("a", "b", "c", "d")), **OPTIONS).check(manifest, quarantine)


def test_label_beyond_the_classes_is_refused() -> None:
    listing = replace(_listing(_files()), classes=("lesion",))
    made = recipe(listing, **OPTIONS)
    _, manifest, quarantine = _follow(made)
    with pytest.raises(CorpusError, match="found label 1 in the labeled split"):
        made.check(manifest, quarantine)


def test_one_class_is_enough_where_the_source_has_no_other() -> None:
    listing = replace(_listing({"c/0_0.jpg": fake_jpeg(0)}), classes=("nevus",))
    made = recipe(listing, **OPTIONS)
    _, manifest, quarantine = _follow(made)
    made.check(manifest, quarantine)


def test_test_split_may_be_without_labels() -> None:
    listing = _listing(_files())
    hidden = listing.records["label"].where(listing.records["split"] != "test")
    made = recipe(replace(listing, records=listing.records.assign(label=hidden)), **OPTIONS)
    _, manifest, quarantine = _follow(made)
    assert (manifest["split"] == "test").sum() == 3
    made.check(manifest, quarantine)


def test_records_may_know_no_label() -> None:
    listing = _listing(_files())
    made = recipe(replace(listing, records=listing.records.drop(columns="label")), **OPTIONS)
    _, manifest, quarantine = _follow(made)
    with pytest.raises(CorpusError, match="labeled split"):
        made.check(manifest, quarantine)


@pytest.mark.parametrize("kept", ["c", "cb", "ca"])
def test_unlabeled_and_test_may_be_absent(kept: str) -> None:
    _check({file: data for file, data in _files().items() if file[0] in kept})


def test_absent_labeled_split_is_refused() -> None:
    with pytest.raises(CorpusError, match="labeled split"):
        _check({file: data for file, data in _files().items() if file[0] != "c"})


@pytest.mark.parametrize("files", [{}, {"c/0_0.jpg": b"", "c/1_1.jpg": b""}])
def test_nothing_left_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(CorpusError, match="No image is left"):
        _check(files, max_quarantined_share=1.0)


def test_records_against_the_schema_are_refused() -> None:
    listing = _listing(_files())
    made = recipe(replace(listing, records=listing.records.assign(image_id="same")), **OPTIONS)
    _, manifest, quarantine = _follow(made)
    with pytest.raises(CorpusError, match="image_id"):
        made.check(manifest, quarantine)


@pytest.mark.parametrize(
    "change", ["source", "records", "quarantine", "classes", "size", "resize", "max_pixels", "share", "code"]
)
def test_fingerprint_follows_what_the_corpus_is_made_from(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = recipe(_listing(_files()), **OPTIONS)
    assert recipe(_listing(_files()), **OPTIONS).fingerprint == before.fingerprint
    listing, options = _listing(_files()), dict(OPTIONS)
    if change == "source":
        listing = replace(listing, source=FakeSource(_files(), version="2"))
    elif change == "records":
        listing = replace(listing, records=listing.records.assign(source="another"))
    elif change == "quarantine":
        listing = _listing(_files(), [("x", "y")])
    elif change == "classes":
        listing = replace(listing, classes=("nevus", "melanoma"))
    elif change == "resize":
        options["resize"] = "pad"
    elif change == "code":
        monkeypatch.setattr(pack, "code_fingerprint", lambda *modules: "another")
    else:
        options[{"share": "max_quarantined_share"}.get(change, change)] = 1
    assert recipe(listing, **options).fingerprint != before.fingerprint


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_memory_is_flat_in_the_number_of_images(project: Path) -> None:
    command = [sys.executable, str(project / "tests" / "benchmarks" / "pack_memory.py"), "--images", "500", "3000"]
    done = subprocess.run(  # the pixels of the larger corpus are 155 MB more
        [*command, "--size", "144", "--allowed", "60"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", [quarantine.EQUAL_COPY, quarantine.COMPANION])
def test_what_loses_no_image_counts_towards_no_limit(kind: quarantine.Kind) -> None:
    rows = [(f"copy/{number}.jpg", kind.of("c/0_0.jpg")) for number in range(90)]
    made = recipe(_listing(_files(), rows), **OPTIONS | {"max_quarantined_share": 0.0})
    _, manifest, aside = _follow(made)
    made.check(manifest, aside)
    assert len(aside) == 90


def test_advice_follows_the_commonest_reason() -> None:
    rows = [("a.jpg", "no such file: a"), *((f"{n}.jpg", f"unknown label: {n}") for n in range(2))]
    made = recipe(_listing(_files(), rows), **OPTIONS | {"max_quarantined_share": 0.0})
    _, manifest, aside = _follow(made)
    with pytest.raises(QuarantineError, match=r"ingestion\.table\.labels.*Or raise ingestion\.max_quarantined_share"):
        made.check(manifest, aside)


def test_class_that_the_data_lack_is_told_from_one_that_cannot_be_decoded() -> None:
    only_benign = {name: data for name, data in _files().items() if not name.startswith("c") or "_0" in name}
    with pytest.raises(CorpusError, match="the data hold none of class 'melanoma'"):
        _check(only_benign)
    damaged = {name: b"" if name == "c/1_1.jpg" else data for name, data in _files().items()}
    with pytest.raises(CorpusError, match="none of the 1 of class 'melanoma' could be decoded"):
        _check(damaged)
