"""OpenVINO: the fastest on Intel's processors; runs on AMD's and ARM's too."""
from threading import Lock

import numpy as np

from keras_saliency.engines.spec import EngineSpec
from keras_saliency.export import runtimes


def load(model, precision):
    """See `EngineSpec`."""
    return _runner(_convert(model), precision)


def load_int8(model, pictures, log):
    """See `EngineSpec`."""
    from keras_saliency.export import int8

    quantized, losses = int8.quantize(model, _convert(model), pictures, log)
    return _runner(quantized, "int8"), losses


def _convert(model):
    from keras_saliency.export import openvino_model

    return openvino_model.convert(model, [None, *model.input_shape[1:]])


def _runner(model, precision):
    request = runtimes.compile_model(model, precision).create_infer_request()
    lock = Lock()

    def run(images):
        with lock:  # one at a time has all cores
            return request.infer([np.asarray(images, np.float32)])[0]

    return run


SPEC = EngineSpec(load, ("openvino",), runtimes.OPENVINO_EXTRA, runtimes.native_bfloat16,
                  load_int8, ("nncf",))
