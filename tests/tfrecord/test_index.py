import json

import pytest

from nevus.tfrecord.index import Index, index_text, parse_index, read_indexes
from tests.fakes import FakeSource

ONE = Index(("train00-3.tfrec",), ("nevus", "melanoma"))
TEXT = index_text({"train00-3.tfrec": {"records": 3}}, classes=["nevus", "melanoma"]).encode()


def test_an_index_comes_back_as_it_was_written() -> None:
    assert parse_index(TEXT) == ONE
    assert parse_index(index_text({})) == Index((), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "Expecting"),
        (b"[]", "no object 'shards'"),
        (b"{}", "no object 'shards'"),
        (b'{"shards": []}', "no object 'shards'"),
        (b"\xff", "utf-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"shards": {}, "classes": 5}', "'classes' are no list of text"),
        (b'{"shards": {}, "classes": null}', "'classes' are no list of text"),
        (b'{"shards": {}, "classes": [1]}', "'classes' are no list of text"),
    ],
)
def test_what_is_no_index_is_said_to_be_none(text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_index(text)
    ((name, found),) = read_indexes(FakeSource({"shards.json": text}))
    assert name == "shards.json"
    assert reason in str(found)


def test_every_index_of_a_source_is_read_but_no_litter() -> None:
    files = {"a/shards.json": TEXT, "b/shards.json": b"", "__MACOSX/shards.json": TEXT, "other.json": TEXT}
    found = dict(read_indexes(FakeSource(files)))
    assert list(found) == ["a/shards.json", "b/shards.json"]
    assert found["a/shards.json"] == ONE


def test_names_that_are_no_text_become_readable() -> None:
    assert parse_index(json.dumps({"shards": {"\udce9": {}}, "classes": ["\ud800"]})) == Index(
        ("\\udce9",), ("\\ud800",)
    )
