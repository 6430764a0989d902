"""OpenVINO: the fastest on Intel's processors; runs on AMD's and ARM's too."""
from threading import Lock

import numpy as np

from keras_saliency.engines.spec import EngineSpec
from keras_saliency.export import openvino_model

# Said in so many words: left alone it computes in bfloat16 where the processor can.
HINTS = {"float32": "f32", "bfloat16": "bf16"}


def load(model, precision):
    """See `EngineSpec`."""
    openvino = openvino_model.import_openvino()
    converted = openvino_model.convert(model, [None, *model.input_shape[1:]])
    compiled = openvino.Core().compile_model(
        converted, "CPU", {"INFERENCE_PRECISION_HINT": HINTS[precision]})
    request, lock = compiled.create_infer_request(), Lock()

    def run(images):
        with lock:  # one at a time has all cores
            return request.infer([np.asarray(images, np.float32)])[0]

    return run


def native_bfloat16() -> bool:
    """Whether OpenVINO finds bfloat16 in this processor."""
    openvino = openvino_model.import_openvino()
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


SPEC = EngineSpec(load, ("openvino",), openvino_model.EXTRA, native_bfloat16)
