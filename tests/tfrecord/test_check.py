from pathlib import Path

import pytest

from nevus.contracts import QUARANTINE_COLUMNS, SourceError
from nevus.io.raw_files import FolderSource
from nevus.tfrecord.check import check
from nevus.tfrecord.example import Value, encode
from nevus.tfrecord.framing import frame
from nevus.tfrecord.index import index_text
from tests.fakes import FakeSource


def example(name: str, target: int | None = 0, **changes: Value) -> bytes:
    features: dict[str, Value] = {"image": b"jpeg", "image_name": name.encode()}
    if target is not None:
        features["target"] = target
    return frame(encode(features | changes))


def shards() -> dict[str, bytes]:
    return {
        "train00-3.tfrec": example("a") + example("b", 1) + example("c"),
        "test00-1.tfrec": example("d", None),
    }


def test_real_shards_are_counted(sample_data: Path) -> None:
    report = check(FolderSource(sample_data / "siim_isic_2020" / "tfrecords"))
    assert report.shards["records"].tolist() == report.shards["promised"].tolist() == [80, 150, 150]
    assert report.balance[["split", "target", "records"]].to_numpy().tolist() == [
        ["labeled", "0", 247],
        ["labeled", "1", 53],
        ["test", "none", 80],
    ]
    assert report.broken.empty
    assert len(report.records) == 380


def test_balance_has_the_share_of_each_split() -> None:
    balance = check(FakeSource(shards())).balance
    assert balance["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 1.0])


def test_records_say_where_they_are() -> None:
    records = check(FakeSource(shards())).records
    assert records["file"].tolist() == [
        "test00-1.tfrec#0", "train00-3.tfrec#0", "train00-3.tfrec#1", "train00-3.tfrec#2",
    ]  # fmt: skip
    assert records["image_id"].tolist() == ["d", "a", "b", "c"]
    assert records["offset"].tolist() == [0, 0, len(example("a")), len(example("a")) + len(example("b"))]


def test_broken_records_are_listed_and_counted_by_shard() -> None:
    damaged = bytearray(shards()["train00-3.tfrec"])
    damaged[20] ^= 1
    files = shards() | {"train00-3.tfrec": bytes(damaged), "train01-2.tfrec": b"no shard"}
    report = check(FakeSource(files))
    assert tuple(report.broken.columns) == QUARANTINE_COLUMNS
    assert report.broken["file"].tolist() == ["train00-3.tfrec#0", "train01-2.tfrec"]
    assert report.shards[["records", "broken"]].to_numpy().tolist() == [[1, 0], [2, 1], [0, 1]]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (frame(encode({"image_name": b"x"})), "record has no image: it holds image_name (1 bytes)"),
        (example("x", image=b""), "record has no image: "),
        (frame(encode({"image": b"x"})), "record has no image_name: it holds image (1 bytes)"),
        (example(" ", image_name=b""), "record has no image_name: "),
        (example("a"), "image id comes twice: a"),
    ],
)
def test_record_that_is_no_image_of_its_own_is_broken(record: bytes, reason: str) -> None:
    report = check(FakeSource(shards() | {"train01-1.tfrec": record}))
    assert report.broken["file"].tolist() == ["train01-1.tfrec#0"]
    assert report.broken["reason"][0].startswith(reason)
    assert report.balance["records"].sum() == 4
    assert report.shards.set_index("shard").loc["train01-1.tfrec", ["records", "broken"]].tolist() == [0, 1]


def test_shard_that_the_index_lists_and_nobody_finds_is_broken() -> None:
    index = index_text({"train00-3.tfrec": {}, "test00-1.tfrec": {}, "train01-9.tfrec": {}}).encode()
    report = check(FakeSource(shards() | {"shards.json": index}))
    assert report.broken.to_numpy().tolist() == [["train01-9.tfrec", "shard is missing: listed in shards.json"]]


def test_shards_of_an_index_lie_in_its_folder() -> None:
    index = index_text({"train00-3.tfrec": {}}).encode()
    files = {f"b/{name}": content for name, content in shards().items()}
    assert check(FakeSource(files | {"b/shards.json": index})).broken.empty
    report = check(FakeSource(files | {"a/shards.json": index}))
    assert report.broken.to_numpy().tolist() == [["a/train00-3.tfrec", "shard is missing: listed in a/shards.json"]]


@pytest.mark.parametrize("index", [b"{", b"[]", b"\xff", b'{"shards": {}, "classes": 5}'])
def test_index_that_cannot_be_read_is_broken_and_the_shards_are_checked(index: bytes) -> None:
    report = check(FakeSource(shards() | {"shards.json": index}))
    assert report.broken["file"].tolist() == ["shards.json"]
    assert report.broken["reason"][0].startswith("index cannot be read: ")
    assert report.shards["records"].tolist() == [1, 3]


def test_ids_and_targets_that_are_large_numbers_stay_apart() -> None:
    numbers = (1234567, 1234568)
    files = {"train00-2.tfrec": b"".join(example("", image_name=number, target=number) for number in numbers)}
    report = check(FakeSource(files))
    assert report.broken.empty
    assert report.records["image_id"].tolist() == report.balance["target"].tolist() == ["1234567", "1234568"]


def test_litter_is_no_shard() -> None:
    litter = {"__MACOSX/train00-3.tfrec": b"Mac OS X", "a/._train00-3.tfrec": b"Mac OS X"}
    report = check(FakeSource(shards() | litter))
    assert report.broken.empty
    assert len(report.shards) == 2
    with pytest.raises(SourceError, match="Wanted TFRecord shards"):
        check(FakeSource(litter))


def test_shard_with_a_hostile_name_is_broken_and_not_opened(tmp_path: Path) -> None:
    names = {"train\udce9-1.tfrec": "name is not valid UTF-8", "../train.tfrec": "name leads out of the archive"}
    source = FakeSource(shards() | dict.fromkeys(names, example("z")))
    report = check(source)
    assert dict(report.broken.to_numpy().tolist()) == {
        name.replace("\udce9", "\\udce9"): reason for name, reason in names.items()
    }
    assert not set(source.reads) & set(names)
    for table in report:
        table.to_csv(tmp_path / "table.csv")
        table.to_parquet(tmp_path / "table.parquet")


def test_source_without_shards_is_refused() -> None:
    with pytest.raises(SourceError, match="Wanted TFRecord shards"):
        check(FakeSource({"train.csv": b""}))
