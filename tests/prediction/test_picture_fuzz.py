"""Mutated pictures to read_picture: a picture or an InputError, and nothing else."""
import io
import resource
import struct

import numpy as np
from PIL import Image

from keras_saliency.compat import KERAS_3
from keras_saliency.files import InputError
from keras_saliency.prediction import read_picture

COUNT = 5000  # on each of the two stacks, others on each
LIMIT = 1_000_000  # of pixels, so that what is accepted is decoded soon


def originals() -> list:
    """Small pictures of all kinds."""
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 18, 3), np.uint8))
    kinds = [("JPEG", {}), ("JPEG", dict(progressive=True)), ("PNG", {}), ("BMP", {}),
             ("TIFF", {}), ("TIFF", dict(compression="tiff_lzw")),
             ("TIFF", dict(compression="jpeg")), ("TIFF", dict(big_tiff=True)),
             ("WEBP", {}), ("WEBP", dict(lossless=True))]
    encoded = []
    for mode in ("RGB", "L"):
        for kind, options in kinds:
            file = io.BytesIO()
            picture.convert(mode).save(file, kind, **options)
            encoded.append(file.getvalue())
    return encoded


def mutated(rng, pictures) -> bytes:
    """One of them cut short, with flipped bits, spliced, or with a header that lies."""
    data = bytearray(pictures[rng.integers(len(pictures))])
    kind = rng.integers(5)
    if kind == 0:
        return bytes(data[:rng.integers(len(data))])
    if kind == 1:
        for place in rng.integers(0, len(data), rng.integers(1, 20)):
            data[place] ^= 1 << rng.integers(8)
    elif kind == 2:  # in the header, where it matters
        for place in rng.integers(0, min(len(data), 64), rng.integers(1, 4)):
            data[place] = rng.choice([0, 1, 0x7f, 0x80, 0xff, rng.integers(256)])
    elif kind == 3:
        other = pictures[rng.integers(len(pictures))]
        return bytes(data[:rng.integers(len(data))]) + other[rng.integers(len(other)):]
    else:  # a number where another one was, anywhere
        form = rng.choice(["<H", ">H", "<I", ">I"])
        most = 2 ** (8 * struct.calcsize(form))
        value = rng.choice([0, 1, most - 1, most // 2, 1000, int(rng.integers(most))])
        struct.pack_into(form, data, rng.integers(len(data) - 4), int(value))
    return bytes(data)


def test_mutated_pictures_are_read_or_refused(tmp_path):
    rng, pictures, path = np.random.default_rng(int(KERAS_3)), originals(), tmp_path / "a.jpg"
    read = refused = 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(COUNT):
        path.write_bytes(mutated(rng, pictures))
        try:
            picture = read_picture(path, LIMIT)
        except InputError as error:
            assert str(error).startswith(f"{path}: ")
            refused += 1
            continue
        read += 1
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
        assert 0 < picture.shape[0] * picture.shape[1] <= LIMIT
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 1024  # kilobytes
    assert read > COUNT / 10 and refused > COUNT / 10  # both happen
