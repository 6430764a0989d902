"""What an exported network says of itself, so that its file alone is enough to predict with it."""
import json

from keras_saliency import maps
from keras_saliency.export.frozen import require_finite
from keras_saliency.files import InputError
from keras_saliency.models import (
    check_canvas,
    ead,
    fit_of,
    postprocess_of,
    provenance,
    salnet_deep,
    salnet_shallow,
)
from keras_saliency.prediction.forward import canvas_of

# From a canvas map to the one that is published; `engines.last_steps` has them without TensorFlow.
LAST_STEPS = {
    maps.from_canvas: "from_canvas",
    maps.density_from_canvas: "density_from_canvas",
    ead.postprocess: "ead",
    salnet_deep.postprocess: "salnet_deep",
    salnet_shallow.postprocess: "salnet_shallow",
}


def prepare(model, dynamic_batch=False, dynamic_canvas=False) -> tuple:
    """What every file of a network on its canvas begins with.

    Args:
        dynamic_batch: any number of images instead of one. dynamic_canvas: of any size that the
            model takes.

    Returns:
        (shape of the images, None where any number will do; `describe` of the model).

    Raises:
        InputError: as `describe`; a canvas that does not fit the model's strides, or weights that
            are not finite.
    """
    require_finite(model)
    canvas = canvas_of(model)
    check_canvas(model, canvas)
    sides = model.input_shape[1:3] if dynamic_canvas else canvas
    return [None if dynamic_batch else 1, *sides, 3], describe(model)


def describe(model) -> str:
    """JSON: `model`, its name; `canvas` [h, w]; `fit` of pictures on it; `last_step`, a name in
    `LAST_STEPS`; `provenance`, what it was trained on and its licence.

    Whether the canvas may turn for portrait pictures says the shape of the file's images.

    Raises:
        InputError: a model of another last step, or whose canvas is unknown.
    """
    last_step = LAST_STEPS.get(postprocess_of(model).func)
    if last_step is None:
        raise InputError(f"{model.name} has a last step that such a file cannot hold; export a "
                         "SavedModel, which does (export.py --out)")
    return json.dumps({"model": model.name, "canvas": canvas_of(model), "fit": fit_of(model),
                       "last_step": last_step, "provenance": provenance(model)})
