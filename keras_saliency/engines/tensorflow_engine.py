"""TensorFlow itself: the network as one graph with its weights inside."""
import tensorflow as tf

from keras_saliency.engines.spec import EngineSpec
from keras_saliency.export.frozen import freeze
from keras_saliency.models.precision import at_precision, native_bfloat16


def load(model, precision):
    """See `EngineSpec`."""
    frozen = freeze(at_precision(model, precision), [None, *model.input_shape[1:]])
    return lambda images: frozen(tf.convert_to_tensor(images, tf.float32))[0]


SPEC = EngineSpec(load, native_bfloat16=native_bfloat16)
