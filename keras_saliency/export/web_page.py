"""A static folder with a web page that runs a network in the browser: no server, no network.

The network is one .tflite file with a signature for each canvas that it works on.
"""
import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Callable, Iterable, Optional

import keras
import numpy as np
import tensorflow as tf

from keras_saliency.config import DataConfig
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, score_predictions
from keras_saliency.evaluation.sources import predictions
from keras_saliency.export import int8, web_runtime
from keras_saliency.export.frozen import freeze, megabytes, new_path, prepare
from keras_saliency.export.generated_pictures import generate
from keras_saliency.export.tflite import interpreter, run_converter
from keras_saliency.files import AnyPath, InputError, atomic_folder, require
from keras_saliency.maps import geometry
from keras_saliency.models import check_canvas, facts_of
from keras_saliency.prediction.exported import predict_in_numpy
from keras_saliency.prediction.overlay import colorize
from keras_saliency.prediction.predictor import predictor

PAGE = Path(__file__).parent / "web"
MEASURED = 10  # generated pictures
METRICS, QUANTIZE = ("nss", "cc"), ("dynamic", "float16")


def export_web(model: keras.Model, path: AnyPath, quantize: str = "dynamic",
               runtime: Optional[AnyPath] = None, stimuli: Optional[tuple] = None,
               log: Callable = print) -> Path:
    """Write a new folder for any file server: the page, the network, and LiteRT.js to run it.

    Args:
        quantize: "dynamic", weights in 8 bits, or "float16"; see `convert`.
        runtime: folder where `web_runtime.COMMAND` was run; None lets npm fetch it.
        stimuli: as of `osie_validation`, on which NSS and CC of the network and of what the page
            runs are compared; None compares their maps of generated pictures.
        log: called with what is lost, and how large the folder is.
    """
    path = new_path(path)
    description = json.loads(prepare(model)[1])
    with web_runtime.installed(runtime) as modules:
        sizes = canvases(model)
        contents = convert(model, signatures(sizes), quantize)
        converted = Converted(contents, model)
        lost = losses(model, converted, stimuli, log)
        with atomic_folder(path) as temporary:
            shutil.copytree(PAGE, temporary)
            packed = web_runtime.compressed(contents)
            (temporary / "model.bin").write_bytes(packed)
            files = {"model": len(packed), **web_runtime.copy(modules, temporary / "runtime")}
            (temporary / "model.json").write_text(json.dumps({
                **description, **sizes, "quantized": quantize, "lost": lost, "files": files,
                "colors": colorize(np.arange(256)[np.newaxis])[0].tolist()}), encoding="utf-8")
    log(f"{path}: {megabytes(path):.1f} MB; serve it with\n  python -m http.server -d {path}\n"
        "and open http://localhost:8000")
    return path


def osie_validation(root: str) -> tuple:
    """Return OSIE's validation stimuli: (`SaliencyDataset`, blur of its densities in pixels)."""
    _, stimuli, spec = load_data(DataConfig(name="osie", root=root))
    return stimuli, spec.sigma


def losses(model: keras.Model, converted: "Converted", stimuli: Optional[tuple] = None,
           log: Callable = print) -> dict:
    """Return {metric: how much less the page's network scores}; arguments as of `export_web`."""
    if stimuli is None:
        pictures = generate(MEASURED, canvases(model)["canvas"])[:, np.newaxis]
        lost = int8.losses([model(p, training=False)[0].numpy() for p in pictures],
                           [converted.maps(p)[0] for p in pictures])
        log(f"loss against its own maps of {MEASURED} generated pictures: {int8.say(lost)}")
        return lost
    dataset, sigma = stimuli
    means = []
    for label, its in (("network", model), ("page", converted)):
        means.append(score_predictions(predictions(predictor(its), dataset),
                                       Scorer(dataset, sigma, list(METRICS)), label).means())
        log(f"{label} on {len(dataset)} stimuli of {dataset.name}: " + ", ".join(
            f"{name.upper()} {means[-1][name]:.4f}" for name in METRICS))
    return {name: means[0][name] - means[1][name] for name in METRICS}


def canvases(model: keras.Model) -> dict:
    """Return the canvases of a network on a page.

    `canvas` (h, w) is for pictures, `live`, half as large, for a camera's frames; `turns` is True
    if upright pictures turn them.
    """
    facts = facts_of(model)
    canvas, sizes_vary = facts.require_canvas(), None in model.input_shape[1:3]
    return {"canvas": canvas, "live": _half(model, canvas) if sizes_vary else canvas,
            "turns": facts.turns and facts.fit != geometry.STRETCH}


def signatures(sizes: dict) -> list:
    """Return each (h, w) that a page may ask for, from the dict of `canvases`."""
    found = [sizes["canvas"], sizes["live"]]
    if sizes["turns"]:
        found += [size[::-1] for size in found]
    return list(dict.fromkeys(found))


def signature(size: tuple) -> str:
    """Return the name of the signature of a canvas (h, w)."""
    return "x".join(map(str, size))


def convert(model: keras.Model, sizes: Iterable, quantize: str = "dynamic") -> bytes:
    """Convert a network to one .tflite model with a signature `<h>x<w>` for each size.

    A signature maps `images` float32 [1, h, w, 3] to `saliency` [1, h, w, 1]; they share weights.

    Args:
        quantize: "dynamic" keeps weights in 8 bits and computes with responses rounded to 8 bits as
            well, by the range of each picture; "float16" keeps weights in half precision.
    """
    require(quantize in QUANTIZE, f"quantize {quantize!r}; choose {' or '.join(QUANTIZE)}")
    named = {signature(size): _frozen(model, size) for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=named)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(named))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        return run_converter(converter, model.name)


class Converted:
    """The .tflite `contents` of a model, run as the page runs them; see `predictor.Predictor`."""

    def __init__(self, contents: bytes, model: keras.Model):
        self.facts = facts_of(model)
        self._interpreter = interpreter()(model_content=contents)

    def maps(self, batch: np.ndarray) -> np.ndarray:
        """Return the map float32 [1, h, w, 1] of images float32 [1, h, w, 3] on a canvas."""
        run = self._interpreter.get_signature_runner(signature(batch.shape[1:3]))
        return run(images=batch)["saliency"]

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the published map float32 [H, W] of an image [H, W, 3]."""
        return predict_in_numpy(self, self.facts.name, image, canvas)

    def check_canvas(self, canvas: tuple) -> None:
        """Raise `InputError` for a canvas that has no signature."""
        if signature(canvas) not in self._interpreter.get_signature_list():
            raise InputError(f"{self.facts.name} was not converted for a canvas of {canvas}")


def _frozen(model, size):
    """Return a concrete function of images on a canvas, with the weights as constants."""
    # TensorFlow 2.21 converts variables of Keras 3 to NaN. It keeps equal constants once.
    frozen = freeze(model, [1, *size, 3])
    graph, images, saliency = (frozen.graph.as_graph_def(), frozen.inputs[0].name,
                               frozen.outputs[0].name)

    def call(given):
        return {"saliency": tf.graph_util.import_graph_def(
            graph, {images: given}, [saliency], name="")[0]}

    return tf.function(call).get_concrete_function(
        tf.TensorSpec([1, *size, 3], tf.float32, "images"))


def _half(model, canvas) -> tuple:
    """Half of a canvas, or a little less, that the strides of a model divide."""
    for stride in (1, 2, 4, 8, 16, 32):
        size = tuple(max(stride, side // 2 // stride * stride) for side in canvas)
        with suppress(InputError):
            check_canvas(model, size)
            return size
    return canvas
