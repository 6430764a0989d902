"""ONNX Runtime, on the processor."""
from keras_saliency.export.engine_spec import EngineSpec
from keras_saliency.prediction import runtimes


def load(model, precision):
    """See `EngineSpec`."""
    from keras_saliency.export import onnx_model

    contents = onnx_model.convert(model, [None, *model.input_shape[1:]]).SerializeToString()
    return runtimes.open_onnx(contents, model.name).run


SPEC = EngineSpec(load, ("onnxruntime", "onnx", "tf2onnx"), runtimes.ONNX_EXTRA)
