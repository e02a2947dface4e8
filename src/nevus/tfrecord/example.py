"""`tf.train.Example` without TensorFlow: named lists of bytes, whole numbers or floats.

The message is described here and built by protobuf itself, in a pool of its own, so that TensorFlow, which registers
the same names in the default pool, can be imported beside it. Its definition:
https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/example/example.proto and feature.proto.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

Value: TypeAlias = bytes | int | float
Feature: TypeAlias = tuple[bytes, ...] | tuple[int, ...] | tuple[float, ...]

_PACKAGE = "tensorflow"
_FIELD = descriptor_pb2.FieldDescriptorProto
_LISTS = {"bytes_list": ("BytesList", "TYPE_BYTES"), "float_list": ("FloatList", "TYPE_FLOAT")}
_LISTS |= {"int64_list": ("Int64List", "TYPE_INT64")}  # in the order of their numbers: 1, 2, 3


class ExampleError(ValueError):
    """The bytes are no `tf.train.Example`."""


def encode(features: Mapping[str, Value]) -> bytes:
    """Serialise features with one value each; equal features give equal bytes.

    Args:
        features: Name to bytes, a whole number within 64 bits, or a float (kept with 32 bits).

    Raises:
        TypeError: A value is something else.
        ValueError: A whole number has more than 64 bits.
    """
    example = _EXAMPLE()
    for name, value in features.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        elif isinstance(value, int):
            feature.int64_list.value.append(value)
        elif isinstance(value, float):
            feature.float_list.value.append(value)
        else:
            raise TypeError(f"Feature '{name}' must be bytes, int or float; found {type(value).__name__}.")
    serialised: bytes = example.SerializeToString(deterministic=True)
    return serialised


def decode(data: bytes) -> dict[str, Feature]:
    """The features of a serialised example.

    Args:
        data: Of one record.

    Returns:
        Name to its values, in the order of the names; () where a feature holds no list.

    Raises:
        ExampleError: It cannot be parsed.
    """
    example = _EXAMPLE()
    try:
        example.ParseFromString(data)
    except DecodeError as error:
        raise ExampleError(str(error)) from error
    found = example.features.feature
    return {name: _values(found[name]) for name in sorted(found)}


def describe(features: Mapping[str, Feature]) -> str:
    """Names, numbers and kinds of the values, for messages: `image_class (1 int), image_floats (784 float)`."""
    kinds = [
        f"{name} ({len(values)} {type(values[0]).__name__})" if values else f"{name} (empty)"
        for name, values in features.items()
    ]
    return ", ".join(kinds) or "no features at all"


def as_text(value: Value) -> str:
    """A value as text, so that different values of one kind give different texts: b"a" is "a", 7 and 7.0 are "7".

    Args:
        value: UTF-8, bytes that are none become escapes; a whole number; or a float of 32 bits, which gets as many
            digits as it needs.
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value) if isinstance(value, int) else np.format_float_positional(np.float32(value), trim="-")


def _values(feature: Any) -> Feature:
    kind = feature.WhichOneof("kind")
    return tuple(getattr(feature, kind).value) if kind else ()


def _message_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="nevus_example.proto", package=_PACKAGE, syntax="proto3")
    for name, kind in _LISTS.values():
        _add(file.message_type.add(name=name), "value", 1, kind, repeated=True)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, (field, (name, _)) in enumerate(_LISTS.items(), start=1):
        _add(feature, field, number, name).oneof_index = 0
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")  # a map is a repeated message of key and value
    entry.options.map_entry = True
    _add(entry, "key", 1, "TYPE_STRING")
    _add(entry, "value", 2, "Feature")
    _add(features, "feature", 1, "Features.FeatureEntry", repeated=True)
    _add(file.message_type.add(name="Example"), "features", 1, "Features")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Example"))


def _add(message: Any, name: str, number: int, kind: str, *, repeated: bool = False) -> Any:
    field = message.field.add(name=name, number=number)
    field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    if kind.startswith("TYPE_"):
        field.type = getattr(_FIELD, kind)
    else:
        field.type, field.type_name = _FIELD.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    return field


_EXAMPLE = _message_class()
