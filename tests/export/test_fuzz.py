"""Mutated pictures to serve_bytes: an error or a finite map every time, and memory that stays."""
import resource

import cv2
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.compat import KERAS_3

COUNT = 500  # on each of the two stacks, others on each


def mutated(rng, originals):
    """One of the originals cut short, with flipped bits, spliced, or with a header that lies."""
    data = bytearray(originals[rng.integers(len(originals))])
    kind = rng.integers(6)
    if kind == 0:
        return bytes(data[:rng.integers(0, len(data))])
    if kind == 1:
        for place in rng.integers(0, len(data), rng.integers(1, 20)):
            data[place] ^= 1 << rng.integers(8)
    elif kind == 2:  # in the header, where it matters
        data[rng.integers(0, min(64, len(data)))] = rng.integers(256)
    elif kind == 3:
        other = originals[rng.integers(len(originals))]
        cut = rng.integers(0, min(len(data), len(other)))
        return bytes(data[:cut]) + other[cut:]
    elif kind == 4:
        return rng.bytes(int(rng.integers(0, 200)))
    else:  # a claim of up to 2^31 pixels a side
        sides = b"".join(int(v).to_bytes(4, "big") for v in rng.integers(0, 2 ** 31, 2))
        data[16:24] = sides
    return bytes(data)


@pytest.mark.slow
def test_mutated_pictures_never_bring_it_down(tmp_path):
    model = ks.build_model("msi_net", width_multiplier=0.02)
    model = ks.facts(model, canvas=(16, 24))
    serve = tf.saved_model.load(str(ks.export.save(model, tmp_path / "m"))).signatures[
        "serve_bytes"]
    rng = np.random.default_rng(int(KERAS_3))
    picture = cv2.resize(rng.integers(0, 256, (4, 5, 3), np.uint8), (40, 30))
    originals = [cv2.imencode(kind, picture)[1].tobytes() for kind in (".jpg", ".png", ".bmp")]
    maps = errors = 0
    for step in range(COUNT):
        if step == COUNT // 4:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            output = serve(image_bytes=tf.constant([mutated(rng, originals)]))
        except tf.errors.InvalidArgumentError as error:
            assert "image_bytes at these places" in str(error)
            errors += 1
            continue
        maps += 1
        assert np.isfinite(output["saliency"]).all()
        assert len(output["saliency_png_bytes"][0].numpy()) > 50
    assert maps > COUNT / 20 and errors > COUNT / 2  # both happen
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024  # kilobytes; a picture of 40 megapixels alone has 120 MB
