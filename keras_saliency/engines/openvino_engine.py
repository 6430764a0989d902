"""OpenVINO: the fastest on Intel's processors; runs on AMD's and ARM's too."""
from threading import Lock

import numpy as np

from keras_saliency.engines.spec import EngineSpec
from keras_saliency.export import openvino_model, runtimes


def load(model, precision):
    """See `EngineSpec`."""
    converted = openvino_model.convert(model, [None, *model.input_shape[1:]])
    compiled = runtimes.compile_model(converted, precision)
    request, lock = compiled.create_infer_request(), Lock()

    def run(images):
        with lock:  # one at a time has all cores
            return request.infer([np.asarray(images, np.float32)])[0]

    return run


SPEC = EngineSpec(load, ("openvino",), runtimes.OPENVINO_EXTRA, runtimes.native_bfloat16)
