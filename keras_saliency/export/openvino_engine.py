"""OpenVINO: the fastest on Intel's processors; runs on AMD's and ARM's too."""
from keras_saliency.export.engine_spec import EngineSpec
from keras_saliency.prediction import runtimes


def load(model, precision):
    """See `EngineSpec`."""
    return runtimes.run_openvino(_convert(model), model.name, precision)


def load_int8(model, pictures, log):
    """See `EngineSpec`."""
    from keras_saliency.export import int8

    quantized, losses = int8.quantize(model, _convert(model), pictures, log)
    return runtimes.run_openvino(quantized, model.name, "int8"), losses


def _convert(model):
    from keras_saliency.export import openvino_model

    return openvino_model.convert(model, [None, *model.input_shape[1:]])


SPEC = EngineSpec(load, ("openvino",), runtimes.OPENVINO_EXTRA, runtimes.native_bfloat16,
                  load_int8, ("nncf",))
