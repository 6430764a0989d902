"""SavedModel with the preprocessing and the inverse geometry inside the graph."""
import shutil
import uuid
from pathlib import Path

import tensorflow as tf

from keras_saliency import maps
from keras_saliency.prediction import canvas_of


class SaliencyModule(tf.Module):
    """Signatures around a saliency model; see `save`."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        canvas = canvas_of(model)

        def saliency_of(image):
            canvas_map = model(maps.to_canvas(image, canvas)[tf.newaxis], training=False)[0]
            return maps.from_canvas(canvas_map, tf.shape(image)[:2])

        @tf.function(input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
        def serving_default(images):
            saliency = maps.min_max(tf.map_fn(
                saliency_of, images, fn_output_signature=tf.TensorSpec([None, None, 1])),
                axis=(1, 2, 3))
            density = tf.math.divide_no_nan(
                saliency, tf.reduce_sum(saliency, axis=(1, 2, 3), keepdims=True))
            return {"saliency": saliency, "density": density}

        @tf.function(input_signature=[
            tf.TensorSpec([None, *canvas, 3], tf.float32, name="images")])
        def serve_canvas(images):
            return {"saliency": model(images, training=False)}

        self.functions = {"serving_default": serving_default, "serve_canvas": serve_canvas}


def save(model, path, version: int = 1) -> Path:
    """Write `path/<version>/` in the layout that TensorFlow Serving watches.

    Signatures:
        serving_default: `images` uint8 [B, H, W, 3] RGB of any size -> `saliency` float32
            [B, H, W, 1] in 0..1 (min-max) and `density` (sums to 1), in the input's own size.
        serve_canvas: `images` float32 0..255 on the model's canvas -> the model's own
            `saliency` [B, h, w, 1].

    Raises:
        FileExistsError: that version is there already; versions are never overwritten.
    """
    target = Path(path) / str(int(version))
    if target.exists():
        raise FileExistsError(f"{target} exists; choose another version")
    module = SaliencyModule(model)
    temporary = target.with_name(f".{version}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        tf.saved_model.save(module, str(temporary), signatures=module.functions)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target
