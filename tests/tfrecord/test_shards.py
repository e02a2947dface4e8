import gzip

import pytest

from nevus.contracts import SourceError
from nevus.tfrecord.example import encode
from nevus.tfrecord.framing import frame
from nevus.tfrecord.shards import Broken, Record, is_shard, promised, records, shard_name, split_of
from tests.fakes import FakeSource

EXAMPLES = [frame(encode({"number": number})) for number in range(4)]
WHOLE = b"".join(EXAMPLES)


def read(name: str, content: bytes) -> list[Record | Broken]:
    return list(records(FakeSource({name: content}), name))


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "split", "count"),
    [
        ("train00-2071.tfrec", "labeled", 2071),
        ("a/b/test15-687.tfrec.gz", "test", 687),
        ("TRAIN01-5.TFREC", "labeled", 5),
        ("validation00-7.tfrecord", "validation", 7),
        ("val.tfrec", "validation", None),
        ("unlabeled003-1.tfrec", "unlabeled", 1),
        ("train-00001-of-00010.tfrecord", "labeled", None),
        ("train-00010.tfrecord", "labeled", None),
        ("training00-5.tfrec", None, None),
        ("holdout.tfrec", None, None),
    ],
)
def test_names_say_split_and_count(name: str, split: str | None, count: int | None) -> None:
    assert (split_of(name), promised(name)) == (split, count)
    assert is_shard(name)


@pytest.mark.parametrize("name", ["train.csv", "train00.tfrec.txt", "image.jpg.gz", "tfrec"])
def test_other_files_are_no_shards(name: str) -> None:
    assert not is_shard(name)


@pytest.mark.parametrize("split", ["labeled", "validation", "unlabeled", "test"])
@pytest.mark.parametrize("zipped", [False, True])
def test_names_are_written_as_they_are_read(split: str, zipped: bool) -> None:
    name = shard_name(split, 7, 150, zipped=zipped)
    assert (is_shard(name), split_of(name), promised(name)) == (True, split, 150)


@pytest.mark.parametrize("content", [WHOLE, gzip.compress(WHOLE)])
def test_records_are_named_by_shard_and_number(content: bytes) -> None:
    found = read("train00-4.tfrec", content)
    assert found == [
        Record(f"train00-4.tfrec#{number}", number * len(EXAMPLES[0]), {"number": (number,)}) for number in range(4)
    ]


def test_wrong_checksum_of_data_is_one_broken_record() -> None:
    found = read("train00-4.tfrec", flipped(WHOLE, len(EXAMPLES[0]) + 14))
    assert found[1] == Broken("train00-4.tfrec#1", "wrong checksum of the data of a record")
    assert [type(one) for one in found] == [Record, Broken, Record, Record]


def test_wrong_checksum_of_a_length_is_one_row_for_the_rest() -> None:
    found = read("train00-4.tfrec", flipped(WHOLE, len(EXAMPLES[0]) + 8))
    assert [type(one) for one in found] == [Record, Broken]
    name, reason = found[1][:2]
    assert name == "train00-4.tfrec#1"
    assert reason.startswith("rest of the shard is lost: from this record on, wrong checksum of a length")
    assert "3 of 4 records" in str(reason)


@pytest.mark.parametrize("keep", [3 * len(EXAMPLES[0]) - 1, 2 * len(EXAMPLES[0]) + 3])
def test_truncated_shard_is_one_row_for_the_rest(keep: int) -> None:
    found = read("train00-4.tfrec", WHOLE[:keep])
    assert [type(one) for one in found] == [Record, Record, Broken]
    assert "2 of 4 records" in str(found[2][1])


def test_shard_cut_between_two_records_is_noticed_by_its_name() -> None:
    found = read("train00-4.tfrec", b"".join(EXAMPLES[:3]))
    assert found[3] == Broken("train00-4.tfrec", "not as many records as the name says: wanted 4, found 3")
    assert all(isinstance(one, Record) for one in read("train.tfrec", b"".join(EXAMPLES[:3])))


def test_truncated_gzip_is_one_row_for_the_rest() -> None:
    for cut in (1, 8, 30):
        broken = [one for one in read("train00-4.tfrec", gzip.compress(WHOLE)[:-cut]) if isinstance(one, Broken)]
        assert len(broken) == 1
        assert "gzip stream is damaged" in broken[0].reason


def test_damage_behind_the_last_record_loses_none() -> None:
    found = read("train00-4.tfrec", gzip.compress(WHOLE)[:-1])
    assert [type(one) for one in found] == [Record, Record, Record, Record, Broken]
    name, reason = found[4][:2]
    assert name == "train00-4.tfrec"
    assert str(reason).startswith("shard is damaged behind its last record: ")


@pytest.mark.parametrize(
    ("content", "look"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(100), "a JPEG image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image"),
        (b"image_name,target\n", "69 6d 61 67 65 5f 6e 61"),
        (b"short", "73 68 6f 72 74"),
        (gzip.compress(b"image_name,target\n"), "69 6d 61 67 65 5f 6e 61"),
    ],
)
def test_what_is_no_shard_is_said_to_be_none(content: bytes, look: str) -> None:
    (found,) = read("train00-4.tfrec", content)
    assert isinstance(found, Broken)
    assert found.name == "train00-4.tfrec"
    assert found.reason.startswith("not a TFRecord file, or damaged from its first record on: ")
    assert look in found.reason


def test_empty_shard_is_broken() -> None:
    assert read("train.tfrec", b"") == [Broken("train.tfrec", "shard is empty")]
    assert "wanted 4, found 0" in str(read("train00-4.tfrec", b"")[0][1])


def test_record_that_is_no_example_is_broken_alone() -> None:
    found = read("train.tfrec", EXAMPLES[0] + frame(b"\xff\xff") + EXAMPLES[1])
    assert [type(one) for one in found] == [Record, Broken, Record]
    assert str(found[1][1]).startswith("record is no tf.train.Example: ")


def test_shard_that_the_source_cannot_give_is_broken() -> None:
    class Failing(FakeSource):
        def read(self, names: object) -> list[bytes]:
            raise SourceError("encrypted")

    assert list(records(Failing({}), "train.tfrec")) == [Broken("train.tfrec", "shard cannot be read: encrypted")]
