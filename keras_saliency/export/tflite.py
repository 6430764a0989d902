"""The network as a TensorFlow Lite model, for phones and small boards."""
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_saliency.export.float16 import freeze
from keras_saliency.files import atomic_path
from keras_saliency.prediction.forward import canvas_of

QUANTIZE = ("none", "dynamic")


def save_tflite(model, path, quantize="none") -> Path:
    """Write a .tflite file: `images` float32 0..255 [1, h, w, 3] on the canvas -> [1, h, w, 1].

    Args:
        quantize: "dynamic" keeps the weights in 8 bits (a quarter of the size), "none" in 32.

    Raises:
        ValueError: another word for `quantize`.
    """
    if quantize not in QUANTIZE:
        raise ValueError(f"quantize {quantize!r}; choose {' or '.join(QUANTIZE)}")
    frozen = freeze(model, [1, *canvas_of(model), 3])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    if quantize == "dynamic":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    contents = converter.convert()
    with atomic_path(path) as temporary:
        temporary.write_bytes(contents)
    return Path(path)


def run_tflite(path, images) -> np.ndarray:
    """Outputs of a .tflite file for images [B, h, w, 3], one after the other."""
    interpreter = tf.lite.Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for image in np.asarray(images, np.float32):
        interpreter.set_tensor(given["index"], image[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(made["index"])[0])
    return np.stack(outputs)
