"""TensorFlow itself: the network as one graph with its weights inside."""
from keras_saliency.export.engine_spec import EngineSpec


def load(model, precision):
    """See `EngineSpec`."""
    import tensorflow as tf

    from keras_saliency.export.frozen import freeze
    from keras_saliency.models.precision import at_precision

    frozen = freeze(at_precision(model, precision), [None, *model.input_shape[1:]])
    return lambda images: frozen(tf.convert_to_tensor(images, tf.float32))[0]


def native_bfloat16() -> bool:
    """Whether this machine has it; see `models.precision`."""
    from keras_saliency.models import precision

    return precision.native_bfloat16()


SPEC = EngineSpec(load, native_bfloat16=native_bfloat16)
