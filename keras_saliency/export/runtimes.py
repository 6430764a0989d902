"""What runs exported networks: other programs' packages, opened without TensorFlow."""
import os
from threading import Lock

import numpy as np

from keras_saliency.files import InputError, import_optional

LITERT_EXTRA = "litert"


def run_litert(contents: bytes, name, interpreter=None):
    """A .tflite model as a function of images float32 [B, h, w, 3] that gives maps [B, h, w, 1].

    May be called from several threads: they take turns, each with all cores.

    Args:
        contents: the file. name: of the model, for messages.
        interpreter: the class that runs it; default LiteRT's.

    Raises:
        InputError: the contents are damaged, or the model cannot be run. The function raises it
            for images whose shape the model cannot take.
        MissingPackage: LiteRT is not installed.
    """
    interpreter = interpreter or import_optional(
        "ai_edge_litert.interpreter", LITERT_EXTRA).Interpreter
    try:
        running = interpreter(model_content=contents, num_threads=os.cpu_count())
        (given,), (made,) = running.get_input_details(), running.get_output_details()
    except (ValueError, RuntimeError) as error:
        raise InputError(f"{name}: LiteRT cannot open it: {error}") from error
    lock, prepared = Lock(), None

    def run(images):
        nonlocal prepared
        images = np.asarray(images, np.float32)
        with lock:
            try:
                if images.shape != prepared:  # some milliseconds, which a turned canvas takes
                    prepared = None
                    running.resize_tensor_input(given["index"], images.shape, strict=True)
                    running.allocate_tensors()
                    prepared = images.shape
                running.set_tensor(given["index"], images)
                running.invoke()
            except (ValueError, RuntimeError) as error:
                raise InputError(f"{name}: LiteRT cannot run images of {list(images.shape)}: "
                                 f"{error}") from error
            return running.get_tensor(made["index"])

    return run
