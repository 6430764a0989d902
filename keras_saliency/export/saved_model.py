"""SavedModel with the preprocessing and the inverse geometry inside the graph."""
from pathlib import Path
from typing import Callable

import cv2
import keras
import numpy as np
import tensorflow as tf

from keras_saliency import maps
from keras_saliency.compat import tensorflow_variables
from keras_saliency.export import tflite
from keras_saliency.export.frozen import require_finite
from keras_saliency.export.picture_bytes import LIMIT, decode_batch, picture_of, require_size
from keras_saliency.files import AnyPath, atomic_folder, atomic_path
from keras_saliency.files.picture_tensors import upright
from keras_saliency.files.protobuf_messages import message_classes
from keras_saliency.models import check_canvas, facts_of

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
BATCHES = (1, 2)

# As published in tensorflow_serving/apis (prediction_log, predict, model), so that exporting needs
# no tensorflow-serving-api; an input is an entry of a map, its value a TensorProto.
PredictionLog = message_classes("serving", {
    "PredictionLog": {"predict_log": (6, "PredictLog")},
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, ["Input"])},
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "Input": {"key": (1, "string"), "value": (2, "bytes")},
})["PredictionLog"]


class SaliencyModule(tf.Module):
    """Signatures around a saliency model; see `save`.

    Attributes:
        functions: {signature: tf.function}. canvas: (h, w).
    """

    def __init__(self, model: keras.Model, limit: int = LIMIT, float16: bool = False):
        super().__init__()
        if float16:
            network = tflite.half_precision(model)
        else:
            # Not the model: Keras 3 would save copies, and a session, which is what TensorFlow
            # Serving, C and Java have, would find the variables of the graph without values.
            self.network_variables = tensorflow_variables(model)

            def network(images):
                return model(images, training=False)

        facts = facts_of(model)
        self.canvas = canvas = facts.require_canvas()
        fit = facts.fit
        check_canvas(model, canvas)
        turned = {shape: facts.canvas_for(shape) for shape in ((2, 1), (1, 2))}

        def map_of(image):
            """[H, W, 1] of an image [H, W, 3], as `predict` gives it."""
            size = tf.shape(image)[:2]
            chosen = tf.where(size[0] > size[1], turned[2, 1], turned[1, 2])
            canvas_map = network(maps.to_canvas(image, chosen, fit=fit)[tf.newaxis])[0]
            return maps.finished(canvas_map, size, fit, facts.finish)

        @tf.function(input_signature=[
            tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
        def serving_default(images):
            with tf.control_dependencies([require_size(images, limit)]):
                images = tf.identity(images)
            predicted = tf.map_fn(map_of, images,
                                  fn_output_signature=tf.TensorSpec([None, None, 1]))
            saliency = maps.min_max(predicted, axis=(1, 2, 3))
            if facts.density:
                return {"saliency": saliency, "density": predicted,
                        "log_density": tf.math.log(predicted)}
            density = tf.math.divide_no_nan(
                saliency, tf.reduce_sum(saliency, axis=(1, 2, 3), keepdims=True))
            return {"saliency": saliency, "density": density}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
        def serve_bytes(image_bytes):
            def one(pair):
                contents, decoded = pair
                saliency = maps.min_max(map_of(upright(picture_of(decoded), contents)))
                levels = tf.saturate_cast(tf.round(saliency * 255), tf.uint8)
                return (maps.to_canvas(saliency, canvas, maps.MAP_PADDING, fit),
                        tf.io.encode_png(levels), tf.shape(saliency)[:2])

            saliency, pictures, sizes = tf.map_fn(
                one, (image_bytes, decode_batch(image_bytes, limit)), fn_output_signature=(
                    tf.TensorSpec([*canvas, 1]), tf.TensorSpec([], tf.string),
                    tf.TensorSpec([2], tf.int32)))
            return {"saliency": saliency, "saliency_png_bytes": pictures, "original_size": sizes}

        @tf.function(input_signature=[
            tf.TensorSpec([None, *canvas, 3], tf.float32, name="images")])
        def serve_canvas(images):
            return {"saliency": network(images)}

        self.functions = {"serving_default": serving_default, "serve_bytes": serve_bytes,
                          "serve_canvas": serve_canvas}


def save(model: keras.Model, path: AnyPath, version: int = 1, limit: int = LIMIT,
         float16: bool = False) -> Path:
    """Write `path/<version>/` in the layout that TensorFlow Serving watches, with warm-up requests.

    Signatures, B pictures each:
        serving_default: `images` uint8 [B, H, W, 3] RGB of any size -> `saliency` float32
            [B, H, W, 1] in 0..1 (min-max) and `density` (sums to 1), in the input's own size. Of a
            calibrated network (or DeepGaze I) `density` is its own and `log_density` the logarithm
            of it in nats; of others it is `saliency` divided by its sum.
        serve_bytes: `image_bytes` string [B], JPEG, PNG or BMP of any sizes ->
            `saliency_png_bytes` string [B], 8-bit gray PNG, each in its picture's own size. A
            picture is turned upright by its EXIF orientation, what is transparent in a PNG lies
            on white;
            `saliency` float32 [B, h, w, 1], the same on the model's canvas, padded with 0 (or
            stretched over it, for a model that was trained so);
            `original_size` int32 [B, 2] (H, W) of the upright pictures.
        serve_canvas: `images` float32 0..255 on the model's canvas [B, h, w, 3] -> the model's own
            `saliency` [B, h, w, 1].

    A constant picture gives a finite map. Pictures that are empty, damaged, of another type or
    larger than `limit` pixels are an InvalidArgumentError that names their places in the batch; so
    is, without places, a batch of more than 4 `limit` pixels. To run it takes no custom operation.

    Args:
        model: a saliency model on RGB 0..255. version: its sub-folder. limit: pixels per picture.
        float16: weights in half precision; the network still computes in single precision.

    Raises:
        FileExistsError: that version is there already; versions are never overwritten.
        InputError: a model whose canvas is unknown or does not fit its strides, or whose weights
            are not finite.
    """
    target = Path(path) / str(int(version))
    if target.exists():
        raise FileExistsError(f"{target} exists; choose another version")
    require_finite(model)
    module = SaliencyModule(model, limit, float16)
    with atomic_folder(target) as temporary:
        tf.saved_model.save(module, str(temporary), signatures=module.functions)
        _write_warmup(temporary, Path(path).name, module.canvas)
    return target


def open_canvas(version: Path) -> Callable:
    """Return the function from images to maps, arrays on the canvas, of a version's folder."""
    served = tf.saved_model.load(str(version)).signatures["serve_canvas"]
    return lambda images: served(images=tf.constant(images))["saliency"].numpy()


def _write_warmup(folder, name, canvas) -> None:
    """Write the requests that TensorFlow Serving runs before it says that a version is ready."""
    with atomic_path(folder / WARMUP) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for signature, inputs in _requests(canvas).items():
            for batch in BATCHES:
                writer.write(prediction_log(name, signature, {
                    key: np.concatenate([value] * batch) for key, value in inputs.items()}))


def _requests(canvas) -> dict:
    """Return {signature: {input: batch of 1}}, a gradient in the size of the canvas."""
    height, width = canvas
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
    return {"serving_default": {"images": picture[np.newaxis]},
            "serve_bytes": {"image_bytes": np.array([jpeg], object)},
            "serve_canvas": {"images": picture[np.newaxis].astype(np.float32)}}


def prediction_log(name: str, signature: str, inputs: dict) -> bytes:
    """Return a serialized PredictionLog of one request, {input: array}, to a signature."""
    return PredictionLog(predict_log={"request": {
        "model_spec": {"name": name, "signature_name": signature},
        "inputs": [{"key": key, "value": tf.make_tensor_proto(value).SerializeToString()}
                   for key, value in inputs.items()]}}).SerializeToString()
