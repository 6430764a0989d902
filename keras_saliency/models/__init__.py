"""Published models as functional Keras models, by name."""
import inspect
from dataclasses import dataclass, field
from types import MappingProxyType

from keras_saliency.models import weights_file
from keras_saliency.models.classical import CLASSICAL
from keras_saliency.models.deepgaze1 import deepgaze1
from keras_saliency.models.ead import ead
from keras_saliency.models.msi_net import msi_net
from keras_saliency.models.opensalicon import opensalicon
from keras_saliency.models.pretrained import find_weights, list_pretrained, load_encoder, read_model
from keras_saliency.models.salgan import salgan
from keras_saliency.models.salnet_deep import salnet_deep
from keras_saliency.models.salnet_shallow import salnet_shallow
from keras_saliency.models.vgg_linear import vgg_linear
from keras_saliency.models.weights_file import WeightsError

MODELS = {
    "deepgaze1": deepgaze1,
    "ead": ead,
    "msi_net": msi_net,
    "opensalicon": opensalicon,
    "salgan": salgan,
    "salnet_deep": salnet_deep,
    "salnet_shallow": salnet_shallow,
    "vgg_linear": vgg_linear,
}

# Canvas (h, w) that a model works at unless a config or a weights file says otherwise.
CANVASES = {
    "deepgaze1": (480, 640),
    "ead": (240, 320),
    "msi_net": (240, 320),
    "opensalicon": (576, 768),
    "salgan": (192, 256),
    "salnet_deep": (240, 320),
    "salnet_shallow": (96, 96),
    "vgg_linear": (224, 224),
}

# Models whose output is a density: sums to 1 and has a logarithm.
DENSITIES = ("deepgaze1",)


@dataclass(frozen=True)
class ClassicalModel:
    """A model of `classical` with its options: a function of an image, not a network.

    Called with an image [H, W, 3] RGB 0..255 of any size it gives float32 [H, W] in 0..1.
    """

    name: str
    options: dict = field(default_factory=dict)

    def __call__(self, image):
        return CLASSICAL[self.name](image, **self.options)


def list_models() -> list:
    """Registered model names, sorted: networks and the classical models."""
    return sorted([*MODELS, *CLASSICAL])


def build_model(name, input_shape=None, encoder_weights=None, **options):
    """Build a registered model.

    Args:
        name: one of `list_models()`. Of a classical model the other arguments are its options
            alone.
        input_shape: (H, W, 3), or None for any size that the strides divide.
        encoder_weights: None (random), "imagenet", or the path of an HDF5 file with VGG16.
        **options: the builder's own, e.g. `aspp=False`; see its docstring.

    Returns:
        keras.Model on RGB float32 0..255 [B, H, W, 3] with an attribute `canvas` (h, w): the
        size that `predict` works at; or a `ClassicalModel`, which `predict` takes as well.

    Raises:
        ValueError: unknown name or option (lists the valid ones).
        WeightsError: encoder weights that cannot be had or do not fit.
    """
    builder = {**MODELS, **CLASSICAL}.get(name)
    if builder is None:
        raise ValueError(f"no model {name!r}; the models are {', '.join(list_models())}")
    valid = [p for p in inspect.signature(builder).parameters if p not in ("input_shape", "image")]
    for option in options:
        if option not in valid:
            raise ValueError(
                f"{name} has no option {option!r}; its options are {', '.join(valid)}")
    if name in CLASSICAL:
        if input_shape is not None or encoder_weights is not None:
            raise ValueError(f"{name} takes images of any size and has no encoder: leave "
                             "input_shape and encoder_weights out")
        return ClassicalModel(name, options)
    model = builder(input_shape=tuple(input_shape or (None, None, 3)), **options)
    model.canvas = tuple(input_shape[:2]) if input_shape else CANVASES[name]
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    return model


def check_canvas(model, canvas) -> None:
    """Raise `ValueError` unless the strides of `model` divide `canvas` (h, w)."""
    def output_size(size):
        return tuple(model.compute_output_shape((1, *size, 3))[1:3])

    canvas = tuple(canvas)
    if output_size(canvas) == canvas:
        return
    rounded = ([-(-side // stride) * stride for side in canvas] for stride in (2, 4, 8, 16, 32))
    fitting = next((size for size in rounded if output_size(size) == tuple(size)), None)
    raise ValueError(f"{model.name} makes a map of {output_size(canvas)} on a canvas of {canvas}; "
                     "its strides must divide the canvas"
                     + (f": take {fitting}" if fitting else ""))


def load_pretrained(name_or_path):
    """A trained model with its weights.

    Args:
        name_or_path: a name in `weights/`, a weights file that this package wrote, or a run
            folder (its `best.h5` is taken).

    Returns:
        keras.Model of any input size, its `canvas` the one it was trained at; its `about` is a
        dict of what its file says: file, model, options, training data, scores, licence. In
        `weights/` the file must be the one of the manifest, by sha256.

    Raises:
        WeightsError: no such weights, or a file that does not say which model it is for.
    """
    path = find_weights(name_or_path)
    weights, attributes = read_model(path)
    if "model" not in attributes:
        raise WeightsError(f"{path} does not say which model it is for (no attribute 'model'); "
                           "it holds an encoder or was written by another program")
    model = build_model(attributes["model"], **attributes.get("options", {}))
    weights_file.assign(model, weights, path)
    model.canvas = tuple(attributes.get("canvas", model.canvas))
    attributes["file"] = str(path)
    model.about = MappingProxyType(attributes)  # a plain dict would be tracked as weights
    return model


def load_predictor(name_or_path):
    """What `predict` takes: a `ClassicalModel` by its name, else as `load_pretrained`."""
    if str(name_or_path) in CLASSICAL:
        return build_model(str(name_or_path))
    return load_pretrained(name_or_path)


def origin(model) -> str:
    """One line on where the weights of `load_predictor` come from and what they were trained on.

    `model.about` has the same facts as a dict.
    """
    if isinstance(model, ClassicalModel):
        return f"{model.name}: a classical model, nothing was trained"
    about = model.about
    count = about.get("training_stimuli")
    trained = (f"trained on {f'{count} stimuli of ' if count else ''}{about['dataset']}"
               if "dataset" in about else "its file does not say what it was trained on")
    licence = f"; licence {about['licence']}" if "licence" in about else ""
    return f"{about['file']}: {model.name}, {trained}{licence}"
