"""Headers of pictures: their claims are read without decoding, and refused before it."""
import io
import os
import struct
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_saliency.files import InputError
from keras_saliency.files.picture_headers import LIMIT, MOST_SCANS, check_picture, read_file

RGB = np.random.default_rng(0).integers(0, 256, (23, 37, 3), np.uint8)


def encoded(kind, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, kind, **options)
    return file.getvalue()


PICTURES = {
    "baseline.jpg": encoded("JPEG"), "progressive.jpg": encoded("JPEG", progressive=True),
    "comment.jpg": encoded("JPEG", comment=b"\xff\xc0\0\x11\x08\xff\xff\xff\xff"),
    "plain.png": encoded("PNG"), "plain.bmp": encoded("BMP"),
    "lossy.webp": encoded("WEBP"), "lossless.webp": encoded("WEBP", lossless=True),
    "extended.webp": encoded("WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"),
    "raw.tif": encoded("TIFF"), "lzw.tiff": encoded("TIFF", compression="tiff_lzw"),
    "big.tiff": encoded("TIFF", big_tiff=True),
    "opencv.tiff": cv2.imencode(".tiff", RGB)[1].tobytes(),
    "motorola.tiff": struct.pack(">2sHIHHHIHHHHII", b"MM", 42, 8, 2, 256, 3, 1, 37, 0,
                                 257, 4, 1, 23),
    "old.bmp": struct.pack("<2sIHHIIHHHH", b"BM", 26, 0, 0, 26, 12, 37, 23, 1, 24),
    "top_down.bmp": struct.pack("<2sIHHIIiiHH", b"BM", 54, 0, 0, 54, 40, 37, -23, 1, 24)}


def progressive(scans, size=(8, 8)) -> bytes:
    """A progressive JPEG whose last scan is there again and again, `scans` in all."""
    file = io.BytesIO()
    Image.fromarray(np.zeros(size, np.uint8)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last, end = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    more = scans - data.count(b"\xff\xda")
    return data[:end] + data[last:end] * more + data[end:]


def giants():
    """Pictures of 20000x15000 pixels, all but their headers left out."""
    png, bmp = bytearray(PICTURES["plain.png"]), bytearray(PICTURES["plain.bmp"])
    png[16:24], bmp[18:26] = struct.pack(">II", 20000, 15000), struct.pack("<ii", 20000, -15000)
    jpeg = bytearray(PICTURES["baseline.jpg"])
    frame = jpeg.find(b"\xff\xc0")
    jpeg[frame + 5:frame + 9] = struct.pack(">HH", 15000, 20000)
    webp, lossy = bytearray(PICTURES["extended.webp"]), bytearray(PICTURES["lossy.webp"])
    webp[24:30] = (19999).to_bytes(3, "little") + (14999).to_bytes(3, "little")
    lossy[26:30] = struct.pack("<HH", 16383, 16383)
    tiff = struct.pack("<2sHIHHHIIHHII", b"II", 42, 8, 2, 256, 4, 1, 20000, 257, 4, 1, 15000)
    return {"png": png, "bmp": bmp, "jpg": jpeg, "webp": webp, "lossy.webp": lossy, "tif": tiff}


@pytest.mark.parametrize("name", PICTURES)
def test_sizes_of_all_kinds(name):
    assert check_picture(PICTURES[name], name) == (23, 37)
    if len(PICTURES[name]) > 60:  # the others are headers alone
        decoded = cv2.imdecode(np.frombuffer(PICTURES[name], np.uint8), cv2.IMREAD_COLOR)
        assert decoded.shape == RGB.shape


@pytest.mark.parametrize("name, giant", giants().items())
def test_giants_are_refused_by_their_header(name, giant):
    tracemalloc.start()
    with pytest.raises(InputError, match=rf"^a\.{name}: .* are \d+ pixels, more than the limit of "
                                         "40000000; make it smaller$"):
        check_picture(bytes(giant), f"a.{name}")
    assert tracemalloc.get_traced_memory()[1] < 2 ** 20
    tracemalloc.stop()
    assert check_picture(bytes(giant), name, limit=300_000_000)


def test_the_limit_is_inclusive():
    assert check_picture(PICTURES["plain.png"], "a", limit=23 * 37) == (23, 37)
    with pytest.raises(InputError, match="limit of 850; raise it"):
        check_picture(PICTURES["plain.png"], "a", limit=23 * 37 - 1, remedy="raise it")


def test_tiles_count_too():
    tags = [(256, 4, 1, 37), (257, 4, 1, 23), (322, 4, 1, 65536), (323, 4, 1, 16384)]
    tiff = struct.pack("<2sHIH", b"II", 42, 8, 4) + b"".join(struct.pack("<HHII", *t) for t in tags)
    with pytest.raises(InputError, match="a: tiles of 1073741824 pixels"):
        check_picture(tiff, "a")


def test_jpegs_of_many_scans_are_refused():
    assert check_picture(progressive(MOST_SCANS), "a") == (8, 8)
    with pytest.raises(InputError, match="a: a JPEG of 8x8 with 501 scans or more takes too long"):
        check_picture(progressive(5000), "a")
    giant = bytearray(progressive(101))
    frame = giant.find(b"\xff\xc2")
    giant[frame + 5:frame + 9] = struct.pack(">HH", 5000, 8000)
    with pytest.raises(InputError, match="a: a JPEG of 8000x5000 with 101 scans"):
        check_picture(bytes(giant), "a")


def test_scans_within_comments_and_after_the_end_do_not_count():
    """Cameras put a preview before the picture and a film behind it."""
    films = b"\xff\xda\0\x08" * 2000
    data = encoded("JPEG", comment=films[:60000]) + films
    assert check_picture(data, "a") == (23, 37)


def test_a_jpeg_of_countless_segments_is_refused_soon():
    data = PICTURES["baseline.jpg"]
    with pytest.raises(InputError, match="a: not a picture, its header is damaged"):
        check_picture(data[:2] + b"\xff\xfe\0\x02" * 1_000_000 + data[2:], "a")


@pytest.mark.parametrize("chunk", [b"IHDR", b"IDAT", b"IEND"])
def test_chunks_of_a_png_cannot_claim_more_than_the_file_has(chunk):
    """OpenCV takes 4 GB for such a file of 3 KB."""
    data = bytearray(PICTURES["plain.png"])
    data[data.find(chunk) - 4] = 0xf0
    with pytest.raises(InputError, match="a: not a picture"):
        check_picture(bytes(data), "a")
    data = PICTURES["plain.png"]
    assert check_picture(data + b"behind it", "a") == check_picture(data[:-12], "a") == (23, 37)
    with pytest.raises(InputError, match="a: not a picture"):
        check_picture(data[:33] + b"\0\0\0\0tEXt\0\0\0\0" * 200_000 + data[33:], "a")


@pytest.mark.parametrize("contents, message", [
    (b"P6 99999 99999 255\n", "known type"), (b"", "known type"), (b"hello", "known type"),
    *[(data[:14], "damaged") for data in PICTURES.values()],
    (b"II*\0\xff\xff\xff\xff", "damaged"), (b"II+\0\x08\0\0\0" + b"\xff" * 8, "damaged"),
    (b"II+\0\x08\0\0\0\x10" + bytes(7) + b"\xff" * 8, "damaged")])
def test_damaged_headers_are_named(contents, message):
    with pytest.raises(InputError, match=f"^a.jpg: not a picture.* {message}"):
        check_picture(contents, "a.jpg")


def test_only_regular_files_of_some_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("pipe.jpg", "zero.jpg", "folder.jpg"):
        with pytest.raises(InputError, match=f"{name}: not a regular file"):
            read_file(tmp_path / name)
    with open(tmp_path / "large.jpg", "wb") as file:
        file.truncate(8 * LIMIT + 2 ** 26 + 1)  # takes no room
    with pytest.raises(InputError, match="large.jpg: 387108865 bytes are more than a picture of "
                                         "40000000 pixels"):
        read_file(tmp_path / "large.jpg")
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    with pytest.raises(InputError, match="loop.jpg: Too many"):
        read_file(tmp_path / "loop.jpg")
    (tmp_path / "good.jpg").write_bytes(PICTURES["baseline.jpg"])
    assert read_file(tmp_path / "good.jpg") == PICTURES["baseline.jpg"]
