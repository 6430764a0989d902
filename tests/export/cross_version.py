"""Exports of one TensorFlow, loaded by another without this package, and the package of
`export.py --package` by Keras 3 and ONNX Runtime; run by .ci/run, with the extra onnx.

    python tests/export/cross_version.py write FOLDER    where the package is installed
    python tests/export/cross_version.py check FOLDER    where it is not
"""
import importlib.util
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

TOLERANCE = 1e-5
OF_ENGINES = 1e-3  # ONNX Runtime sums in another order


def inputs():
    """{signature: arguments}, the same everywhere."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (1, 70, 50, 3), np.uint8)
    png = tf.io.encode_png(tf.constant(picture[0]))
    return {"serving_default": {"images": tf.constant(picture)},
            "serve_bytes": {"image_bytes": tf.stack([png, png])},
            "serve_canvas": {"images": tf.constant(
                rng.uniform(0, 255, (2, 48, 64, 3)).astype(np.float32))}}


def outputs(folder):
    """{signature: saliency} of the exported version in `folder`."""
    signatures = tf.saved_model.load(str(folder)).signatures
    return {name: signatures[name](**arguments)["saliency"].numpy()
            for name, arguments in inputs().items()}


def packed(folder):
    """{program: saliency} of a package's files on the canvas, by what can open them."""
    import onnxruntime

    images = inputs()["serve_canvas"]["images"]
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    found = {"ONNX Runtime": session.run(["saliency"], {"images": images.numpy()})[0]}
    if keras.__version__.startswith("3"):
        layer = keras.layers.TFSMLayer(str(folder / "saved_model" / "1"),
                                       call_endpoint="serve_canvas")
        found["Keras 3"] = layer(images)["saliency"].numpy()
    return found


def write(folder):
    import keras_saliency as ks
    from keras_saliency.export.package import export_package

    model = ks.build_model("msi_net", width_multiplier=0.1)
    model = ks.facts(model, canvas=(48, 64))
    for name, options in (("single", {}), ("half", {"float16": True})):
        target = ks.export.save(model, folder / name, **options)
        np.savez(folder / f"{name}.npz", **outputs(target))
    package = export_package(model, folder / "package")
    np.savez(folder / "package.npz", **outputs(package / "saved_model" / "1"))


def check(folder):
    assert importlib.util.find_spec("keras_saliency") is None, "keras_saliency is installed"
    for name, path in (("single", "single"), ("half", "half"), ("package", "package/saved_model")):
        found, expected = outputs(folder / path / "1"), np.load(folder / f"{name}.npz")
        for signature in expected:
            assert np.ptp(expected[signature]) > 0.1, f"{name}, {signature}: a dead network"
            difference = np.abs(found[signature] - expected[signature]).max()
            assert difference <= TOLERANCE, f"{name}, {signature}: differs by {difference}"
            print(f"{name}, {signature}: differs by {difference:.1e}")
    for program, saliency in packed(folder / "package").items():
        difference = np.abs(saliency - expected["serve_canvas"]).max()
        assert difference <= OF_ENGINES, f"package, {program}: differs by {difference}"
        print(f"package, {program}: differs by {difference:.1e}")


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
