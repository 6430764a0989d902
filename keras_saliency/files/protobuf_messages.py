"""Protocol buffers of other programs, from a short table of the fields that are used here.

    classes = message_classes("pets", {"Cat": {"name": (1, "string"), "kittens": (2, ["Cat"])}})
    classes["Cat"](name="Tom").SerializeToString()

The messages live in a pool of their own, so that they do not collide with the full definitions of
another package (tensorflow-serving-api).
"""
from pathlib import Path
from typing import Type

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from keras_saliency.files import AnyPath, InputError

LARGEST = 2 ** 31 - 1  # bytes of a serialized message


def message_classes(package: str, messages: dict) -> dict:
    """Return {name: message class} of {name: {field: (number, type)}}, in the syntax proto2.

    A type is one of protobuf's ("float", "bytes", ...) or the name of another message in the table;
    [type] is a repeated field. Fields that are not in the table are skipped on reading.
    """
    package = f"keras_saliency.{package}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            repeated = isinstance(kind, list)
            kind = kind[0] if repeated else kind
            added = message.field.add(name=field, number=number,
                                      label="LABEL_REPEATED" if repeated else "LABEL_OPTIONAL")
            if kind in messages:
                added.type_name = f".{package}.{kind}"
            else:
                added.type = descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
            for name in messages}


def read_message(path: AnyPath, message_class: Type[Message]) -> Message:
    """Return the message in a file.

    Raises `InputError` for a file larger than any message, protobuf's DecodeError for one that
    holds no such message or is cut short.
    """
    path = Path(path)
    if path.stat().st_size > LARGEST:
        raise InputError(f"it has more than the {LARGEST / 1e9:.1f} GB of a protocol buffer")
    return message_class.FromString(path.read_bytes())
