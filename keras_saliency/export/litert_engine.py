"""LiteRT, which TensorFlow Lite is called now: made for phones and small boards, runs here too."""
from keras_saliency.export.engine_spec import EngineSpec
from keras_saliency.prediction import runtimes


def load(model, precision):
    """See `EngineSpec`."""
    from keras_saliency.export import tflite

    contents = tflite.convert(model, [None, *model.input_shape[1:]])
    return runtimes.open_litert(contents, model.name).run


SPEC = EngineSpec(load, ("ai_edge_litert",), runtimes.LITERT_EXTRA)
