"""The facts of an exported network in its file, so that the file alone is enough to predict."""
import json

import keras

from keras_saliency.export.frozen import require_finite
from keras_saliency.models import check_canvas, facts_of, provenance


def prepare(model: keras.Model, dynamic_batch: bool = False, dynamic_canvas: bool = False) -> tuple:
    """Check a network, and return what every file of it on its canvas begins with.

    Args:
        dynamic_batch: any number of images instead of one.
        dynamic_canvas: images of any size that the model takes; `load_exported` then turns the
            canvas for portrait pictures.

    Returns:
        (shape of the images, None where any number will do; `describe` of the model).
    """
    require_finite(model)
    canvas = facts_of(model).require_canvas()
    check_canvas(model, canvas)
    sides = model.input_shape[1:3] if dynamic_canvas else canvas
    return [None if dynamic_batch else 1, *sides, 3], describe(model)


def describe(model: keras.Model) -> str:
    """Return the facts of a model as JSON; `about` is one line, without the file's path."""
    facts = facts_of(model)
    return json.dumps(facts.changed(about={"provenance": provenance(facts)}).to_dict())
