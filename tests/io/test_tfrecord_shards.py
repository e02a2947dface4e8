import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from nevus.contracts import Corpus, CorpusError
from nevus.io.tfrecord_shards import TFRecordShardsDataset
from nevus.readers import siim_isic_2020
from nevus.readers.options import SiimIsic2020Options
from nevus.tfrecord.check import check
from nevus.tfrecord.shards import Record, records
from tests.fakes import fake_pixels

SCHEMA = {
    "image", "image_name", "patient_id", "sex", "age_approx", "anatom_site_general_challenge", "width", "height",
}  # fmt: skip


def fake_corpus(labeled: int = 12, unlabeled: int = 3, test: int = 4, **columns: Any) -> Corpus:
    """Two images a patient, every third patient with a melanoma."""
    splits = ["labeled"] * labeled + ["unlabeled"] * unlabeled + ["test"] * test
    count = len(splits)
    label = pd.Series([int(row // 2 % 3 == 0) for row in range(count)], dtype="Int64")
    manifest = pd.DataFrame(
        {
            "image_id": [f"image_{row}" for row in range(count)],
            "split": splits,
            "label": label.where(pd.Series(splits) != "unlabeled"),
            "diagnosis": ["melanoma" if one else "nevus" for one in label],
            "group_id": [f"P{row // 2}" for row in range(count)],
            "age": 45.0,
            "sex": "female",
            "site": "torso",
            "source": "fake",
            "row": np.arange(count),
        }
    )
    pixels = np.stack([fake_pixels(row, 16, 16) for row in range(count)])
    return Corpus(manifest.assign(**columns), pixels, "fingerprint")


def dataset(folder: Path, **changes: Any) -> TFRecordShardsDataset:
    values: dict[str, Any] = {"filepath": str(folder / "shards"), "shard_records": 6, "jpeg_quality": 95}
    return TFRecordShardsDataset(**(values | changes))


def saved(folder: Path, corpus: Corpus, **changes: Any) -> dict[str, Record]:
    """Every record of the shards by its image id."""
    written = dataset(folder, **changes)
    written.save(corpus)
    source = written.load()
    found = [one for name in source.names() if name != "shards.json" for one in records(source, name)]
    return {text(one, "image_name"): one for one in found if isinstance(one, Record)}


def text(record: Record, feature: str) -> str:
    (value,) = record.features[feature]
    assert isinstance(value, bytes)
    return value.decode()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "shards").iterdir())


def test_shards_are_named_by_split_and_count(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus())
    assert names(tmp_path) == [
        "shards.json", "test00-4.tfrec", "train00-6.tfrec", "train01-6.tfrec", "unlabeled00-3.tfrec",
    ]  # fmt: skip


@pytest.mark.parametrize("compress", [False, True])
def test_what_is_written_passes_the_check(tmp_path: Path, compress: bool) -> None:
    written = dataset(tmp_path, compress=compress)
    written.save(fake_corpus())
    report = check(written.load())
    assert report.broken.empty
    assert report.shards["records"].sum() == 19
    assert report.balance[["split", "target", "records"]].to_numpy().tolist() == [
        ["labeled", "0", 8], ["labeled", "1", 4], ["test", "0", 3], ["test", "1", 1], ["unlabeled", "none", 3],
    ]  # fmt: skip
    assert all(name.endswith(".tfrec.gz") == compress for name in names(tmp_path) if "json" not in name)


def test_records_have_the_competitions_schema(tmp_path: Path) -> None:
    record = saved(tmp_path, fake_corpus())["image_0"]
    assert set(record.features) == SCHEMA | {"target", "diagnosis"}
    assert record.features["target"] == (1,)
    assert record.features["age_approx"] == (45,)
    assert record.features["width"] == record.features["height"] == (16,)
    texts = {"patient_id": "P0", "sex": "female", "anatom_site_general_challenge": "torso", "diagnosis": "melanoma"}
    assert {name: text(record, name) for name in texts} == texts


def test_images_are_jpegs_close_to_the_pixels(tmp_path: Path) -> None:
    corpus = fake_corpus()
    found = saved(tmp_path, corpus)
    for row, image_id in enumerate(corpus.manifest["image_id"]):
        (image,) = found[image_id].features["image"]
        assert isinstance(image, bytes)
        with Image.open(io.BytesIO(image)) as opened:
            assert opened.format == "JPEG"
            assert np.abs(np.asarray(opened).astype(int) - corpus.pixels[row]).mean() < 2


def test_what_is_unknown_is_written_so_that_every_record_has_the_same_features(tmp_path: Path) -> None:
    unknown = fake_corpus(age=np.nan, sex=None, site=None, group_id=None)
    record = saved(tmp_path, unknown)["image_0"]
    assert record.features["age_approx"] == (-1,)
    assert record.features["sex"] == record.features["patient_id"] == (b"",)
    assert set(record.features) >= SCHEMA


def test_labels_of_unlabeled_images_are_not_written(tmp_path: Path) -> None:
    known = fake_corpus(label=pd.Series([0, 1] * 9 + [0], dtype="Int64"))
    hidden = [one for one in saved(tmp_path, known).values() if one.name.startswith("unlabeled")]
    assert len(hidden) == 3
    assert all(set(one.features) == SCHEMA for one in hidden)


def test_pixels_are_taken_by_row(tmp_path: Path) -> None:
    corpus = fake_corpus()
    reordered = corpus._replace(manifest=corpus.manifest.iloc[::-1].reset_index(drop=True))
    first, second = saved(tmp_path / "a", corpus), saved(tmp_path / "b", reordered)
    assert {key: one.features for key, one in first.items()} == {key: one.features for key, one in second.items()}


def test_images_of_one_patient_share_a_shard_and_classes_are_spread(tmp_path: Path) -> None:
    sizes = [1, 5, 2, 2, 3, 1, 4, 2, 1, 3] * 6
    groups = [f"P{number}" for number, size in enumerate(sizes) for _ in range(size)]
    labels = pd.Series([int(int(group[1:]) % 5 == 0) for group in groups], dtype="Int64")
    corpus = fake_corpus(len(groups), 0, 0, group_id=groups, label=labels)
    shard_of: dict[str, set[str]] = {}
    positives: dict[str, int] = {}
    for record in saved(tmp_path, corpus, shard_records=36).values():
        shard = record.name.partition("#")[0]
        shard_of.setdefault(text(record, "patient_id"), set()).add(shard)
        positives[shard] = positives.get(shard, 0) + int(record.features["target"] == (1,))
    assert all(len(shards) == 1 for shards in shard_of.values())
    assert len(positives) == 4
    assert max(positives.values()) - min(positives.values()) <= 1


def test_classes_and_sizes_are_spread_where_patients_have_images_of_both(tmp_path: Path) -> None:
    """A patient with a melanoma mostly has many nevi too: counting those as melanomas would deal them unevenly."""
    sizes = [1, 9, 2, 14, 3, 1, 4, 2, 7, 3] * 12
    melanomas = [1, 1, 0, 3, 0, 0, 1, 0, 2, 0] * 12
    groups = [f"P{number}" for number, size in enumerate(sizes) for _ in range(size)]
    labels = [int(image < count) for size, count in zip(sizes, melanomas, strict=True) for image in range(size)]
    corpus = fake_corpus(len(groups), 0, 0, group_id=groups, label=pd.Series(labels, dtype="Int64"))
    dataset(tmp_path, shard_records=80).save(corpus)
    index = json.loads((tmp_path / "shards" / "shards.json").read_text())
    counts = pd.DataFrame([shard["labels"] for shard in index["shards"].values()])
    assert len(counts) == 7
    assert (counts.max() - counts.min()).max() <= 1
    assert counts.sum().tolist() == [sum(sizes) - sum(melanomas), sum(melanomas)]


def test_only_chosen_splits_are_written(tmp_path: Path) -> None:
    dataset(tmp_path, splits=["labeled"]).save(fake_corpus())
    assert [name for name in names(tmp_path) if "json" not in name] == ["train00-6.tfrec", "train01-6.tfrec"]


@pytest.mark.parametrize("compress", [False, True])
def test_same_corpus_gives_the_same_bytes(tmp_path: Path, compress: bool) -> None:
    for folder in ("a", "b"):
        dataset(tmp_path / folder, compress=compress).save(fake_corpus())
    for name in names(tmp_path / "a"):
        assert (tmp_path / "a/shards" / name).read_bytes() == (tmp_path / "b/shards" / name).read_bytes()


def test_index_says_what_the_shards_hold(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus())
    index = json.loads((tmp_path / "shards" / "shards.json").read_text())
    assert index["fingerprint"] == "fingerprint"
    assert index["records"] == 19
    path = tmp_path / "shards" / "train00-6.tfrec"
    assert index["shards"]["train00-6.tfrec"] == {
        "split": "labeled", "records": 6, "labels": {"0": 4, "1": 2}, "bytes": path.stat().st_size,
    }  # fmt: skip


def test_second_save_replaces_the_first(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus())
    dataset(tmp_path).save(fake_corpus(2, 0, 0))
    assert names(tmp_path) == ["shards.json", "train00-2.tfrec"]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["shards"]


def test_failure_half_way_leaves_the_old_shards(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus(2, 0, 0))
    broken = fake_corpus()._replace(pixels=fake_corpus().pixels[:5])
    with pytest.raises(DatasetError):
        dataset(tmp_path).save(broken)
    assert names(tmp_path) == ["shards.json", "train00-2.tfrec"]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["shards"]


def test_full_disk_is_said_and_leaves_the_old_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset(tmp_path).save(fake_corpus(2, 0, 0))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="disk is full") as caught:
        dataset(tmp_path).save(fake_corpus())
    assert isinstance(caught.value.__cause__, CorpusError)
    assert names(tmp_path) == ["shards.json", "train00-2.tfrec"]


def test_crash_between_the_renames_is_put_right(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus(2, 0, 0))
    (tmp_path / "shards").rename(tmp_path / ".shards.old")
    (tmp_path / ".shards.new").mkdir()
    dataset(tmp_path).save(fake_corpus())
    assert len(names(tmp_path)) == 5
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["shards"]


def test_shards_that_a_crash_left_under_another_name_are_read(tmp_path: Path) -> None:
    dataset(tmp_path).save(fake_corpus(2, 0, 0))
    (tmp_path / "shards").rename(tmp_path / ".shards.old")
    assert dataset(tmp_path).exists()
    assert dataset(tmp_path).load().names() == ["shards.json", "train00-2.tfrec"]


def test_link_to_a_folder_stays_one(tmp_path: Path) -> None:
    (tmp_path / "big").mkdir()
    (tmp_path / "shards").symlink_to(tmp_path / "big")
    for count in (2, 4):
        dataset(tmp_path).save(fake_corpus(count, 0, 0))
        assert (tmp_path / "shards").is_symlink()
        assert (tmp_path / "big" / f"train00-{count}.tfrec").is_file()
    assert len(dataset(tmp_path).load().names()) == 2


@pytest.mark.parametrize("name", [".DS_Store", "._train00-2.tfrec", "Thumbs.db"])
def test_litter_of_operating_systems_does_not_keep_the_shards_from_being_replaced(tmp_path: Path, name: str) -> None:
    dataset(tmp_path).save(fake_corpus(2, 0, 0))
    (tmp_path / "shards" / name).touch()
    dataset(tmp_path).save(fake_corpus(4, 0, 0))
    assert names(tmp_path) == ["shards.json", "train00-4.tfrec"]


@pytest.mark.parametrize("name", ["train00-2071.tfrec", "notes.txt"])
def test_folder_with_files_of_others_is_never_replaced(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    (folder / name).write_bytes(b"mine")
    with pytest.raises(DatasetError, match=name):
        dataset(tmp_path).save(fake_corpus())
    assert (folder / name).read_bytes() == b"mine"


def test_empty_folder_kept_by_git_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / ".gitkeep").touch()
    dataset(tmp_path).save(fake_corpus())
    assert "train00-6.tfrec" in names(tmp_path)


def test_repeated_ids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'a' comes twice"):
        dataset(tmp_path).save(fake_corpus(image_id="a"))


def test_corpus_without_the_chosen_splits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="splits validation"):
        dataset(tmp_path, splits=["validation"]).save(fake_corpus())


def test_missing_and_half_written_shards_do_not_exist(tmp_path: Path) -> None:
    written = dataset(tmp_path)
    assert not written.exists()
    with pytest.raises(DatasetError, match="Wanted TFRecord shards"):
        written.load()
    written.save(fake_corpus())
    assert written.exists()
    (tmp_path / "shards" / "train01-6.tfrec").unlink()
    assert not written.exists()


@pytest.mark.parametrize(
    "wrong", [{"shard_records": 0}, {"jpeg_quality": 0}, {"jpeg_quality": 101}, {"splits": []}, {"splits": ["train"]}]
)
def test_wrong_arguments_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        dataset(tmp_path, **wrong)


@pytest.mark.parametrize("compress", [False, True])
def test_shards_are_read_back_as_the_same_corpus(tmp_path: Path, compress: bool) -> None:
    corpus = fake_corpus()
    written = dataset(tmp_path, compress=compress)
    written.save(corpus)
    options = SiimIsic2020Options(files="tfrecord", official_duplicates=True, test_images="leave_out")
    listing = siim_isic_2020.read(written.load(), options, size=16)
    assert listing.quarantine.empty
    columns = ["image_id", "split", "label", "group_id", "age", "sex", "site"]
    found = listing.records.set_index("image_id").loc[corpus.manifest["image_id"]].reset_index()
    pd.testing.assert_frame_equal(found[columns], corpus.manifest[columns], check_dtype=False)
    assert found.loc[found["split"] == "unlabeled", "diagnosis"].isna().all()


def test_ids_that_spell_nothing_are_read_back(tmp_path: Path) -> None:
    ids = ["None", "n/a", "unknown", "0"]
    written = dataset(tmp_path)
    written.save(fake_corpus(4, 0, 0, image_id=ids))
    options = SiimIsic2020Options(files="tfrecord", official_duplicates=True, test_images="leave_out")
    listing = siim_isic_2020.read(written.load(), options, size=16)
    assert listing.quarantine.empty
    assert sorted(listing.records["image_id"]) == sorted(ids)


@pytest.mark.parametrize("compress", [False, True])
def test_tensorflow_reads_our_shards(tmp_path: Path, compress: bool) -> None:
    tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is no dependency; install it to run this test")
    corpus = fake_corpus()
    dataset(tmp_path, compress=compress).save(corpus)
    files = sorted(str(path) for path in (tmp_path / "shards").glob("train*"))
    schema = dict.fromkeys(("image", "image_name", "patient_id", "sex"), tensorflow.io.FixedLenFeature([], "string"))
    schema |= dict.fromkeys(("target", "age_approx", "width"), tensorflow.io.FixedLenFeature([], "int64"))
    shards = tensorflow.data.TFRecordDataset(files, compression_type="GZIP" if compress else "")
    found = [tensorflow.io.parse_single_example(record, schema) for record in shards]
    assert {one["image_name"].numpy().decode() for one in found} == set(corpus.manifest["image_id"][:12])
    labels = corpus.manifest.set_index("image_id")["label"]
    for one in found:
        assert int(one["target"]) == labels[one["image_name"].numpy().decode()]
        assert tensorflow.io.decode_jpeg(one["image"]).shape == (16, 16, 3)
