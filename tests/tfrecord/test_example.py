from pathlib import Path

import pytest

from nevus.tfrecord.example import ExampleError, Value, as_text, decode, describe, encode
from nevus.tfrecord.framing import Frame, frames


def test_features_come_back_with_their_kinds() -> None:
    features = {"image": b"\xff\xd8", "target": 1, "code": -1, "age": 47.5, "empty": b""}
    assert decode(encode(features)) == {name: (value,) for name, value in features.items()}


def test_bytes_on_the_wire_are_those_of_the_published_definition() -> None:
    """Fields: Example.features 1, Features.feature 1 (key 1, value 2), bytes_list 1, float_list 2, int64_list 3."""
    assert encode({"a": 5}) == bytes.fromhex("0a0c 0a0a 0a0161 1205 1a03 0a0105")
    assert encode({"a": b"x"}) == bytes.fromhex("0a0c 0a0a 0a0161 1205 0a03 0a0178")
    assert encode({"a": 1.0}) == bytes.fromhex("0a0f 0a0d 0a0161 1208 1206 0a04 0000803f")


def test_same_features_in_another_order_give_the_same_bytes() -> None:
    assert encode({"a": 1, "b": 2}) == encode({"b": 2, "a": 1})


def test_examples_written_by_tensorflow_are_read(sample_data: Path) -> None:
    content = (sample_data / "siim_isic_2020" / "tfrecords" / "train00-150.tfrec").read_bytes()
    found = [decode(frame.data) for frame in frames(content) if isinstance(frame, Frame)]
    assert len(found) == 150
    assert {len(values) for features in found for values in features.values()} == {1}
    assert sum(features["target"] == (1,) for features in found) == 30
    assert found[0]["image_name"] == (b"ISIC_0031170",)


def test_what_is_no_example_is_refused() -> None:
    with pytest.raises(ExampleError):
        decode(b"\xff\xff\xff")


def test_no_example_and_an_empty_one_have_no_features() -> None:
    assert decode(b"") == decode(encode({})) == {}


@pytest.mark.parametrize("value", ["text", None, [1]])
def test_value_of_another_kind_is_refused_by_its_name(value: object) -> None:
    with pytest.raises(TypeError, match="'sex'"):
        encode({"sex": value})  # type: ignore[dict-item]


def test_number_of_more_than_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        encode({"a": 2**63})


def test_description_names_features_and_kinds() -> None:
    assert describe({"a": (1, 2), "b": (b"x",), "c": ()}) == "a (2 int), b (1 bytes), c (empty)"
    assert describe({}) == "no features at all"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"a", "a"),
        (b"\xff", "\\xff"),
        (1234567, "1234567"),
        (-1, "-1"),
        (1.0, "1"),
        (0.0, "0"),
        (47.5, "47.5"),
        (0.1, "0.1"),
        (7279968.0, "7279968"),
        (7279970.0, "7279970"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_a_value_is_text_that_tells_it_from_others(value: Value, text: str) -> None:
    (stored,) = decode(encode({"value": value}))["value"]
    assert as_text(stored) == text
