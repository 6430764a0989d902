"""What an exported network says of itself, so that its file alone is enough to predict with it."""
import json

from keras_saliency import maps
from keras_saliency.files import InputError
from keras_saliency.models import (
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
