"""ONNX Runtime, on the processor."""
import numpy as np

from keras_saliency.engines.spec import EngineSpec
from keras_saliency.export import onnx_model
from keras_saliency.files import InputError


def load(model, precision):
    """See `EngineSpec`."""
    contents = onnx_model.convert(model, [None, *model.input_shape[1:]]).SerializeToString()
    try:
        session = onnx_model.open_session(contents)
    except RuntimeError as error:
        raise InputError(f"ONNX Runtime cannot run {model.name}: {error}") from error

    def run(images):
        return session.run(None, {"images": np.asarray(images, np.float32)})[0]

    return run


SPEC = EngineSpec(load, ("onnxruntime", "onnx", "tf2onnx"), onnx_model.EXTRA)
