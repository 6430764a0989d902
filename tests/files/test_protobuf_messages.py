"""Messages from a table of fields, compared with bytes written by hand."""
import pytest
from google.protobuf.message import DecodeError

from keras_saliency.files import InputError
from keras_saliency.files.protobuf_messages import LARGEST, message_classes, read_message

CAT = {"Cat": {"name": (1, "string"), "kittens": (2, ["Cat"]), "weights": (5, ["float"])}}
TOM = b"\x0a\x03Tom" + b"\x12\x05\x0a\x03Kit" + b"\x2d\x00\x00\x80\x3f"


def test_what_is_written_and_read():
    cat = message_classes("pets", CAT)["Cat"]
    tom = cat(name="Tom", kittens=[{"name": "Kit"}], weights=[1])
    assert tom.SerializeToString() == TOM
    packed = cat.FromString(b"\x2a\x08\x00\x00\x80\x3f\x00\x00\x00\x40")
    assert list(packed.weights) == [1, 2] and not packed.HasField("name")


def test_fields_that_the_table_leaves_out_are_skipped():
    names = message_classes("names", {"Cat": {"name": (1, "bytes")}})["Cat"]
    assert names.FromString(TOM).name == b"Tom"


def test_two_tables_of_one_name_do_not_collide():
    message_classes("pets", CAT)
    other = message_classes("pets", {"Cat": {"age": (1, "int32")}})["Cat"]
    assert other.FromString(b"\x08\x07").age == 7


def test_files(tmp_path):
    cat = message_classes("pets", CAT)["Cat"]
    path = tmp_path / "tom"
    path.write_bytes(TOM)
    assert read_message(path, cat).kittens[0].name == "Kit"
    path.write_bytes(TOM[:-1])
    with pytest.raises(DecodeError):
        read_message(path, cat)
    with open(path, "wb") as file:
        file.truncate(LARGEST + 1)  # takes no room on the disk
    with pytest.raises(InputError, match="more than the 2.1 GB of a protocol buffer"):
        read_message(path, cat)
