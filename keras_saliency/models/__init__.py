"""Published models as functional Keras models, by name."""
import reprlib
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from keras_saliency import maps
from keras_saliency.config import FITS, check_size
from keras_saliency.files import InputError, printable
from keras_saliency.models import (
    deepgaze1,
    ead,
    msi_net,
    opensalicon,
    salgan,
    salnet_deep,
    salnet_shallow,
    vgg_linear,
    weights_file,
)
from keras_saliency.models.calibration import add_calibration, is_calibrated
from keras_saliency.models.classical import bms, center_bias, gbvs, itti
from keras_saliency.models.options import check_names, check_values
from keras_saliency.models.pretrained import (
    find_weights,
    list_pretrained,
    load_encoder,
    read_weights,
)
from keras_saliency.models.spec import ModelSpec
from keras_saliency.models.weights_file import WeightsError

__all__ = ["MODELS", "ClassicalModel", "ModelSpec", "WeightsError", "build_model", "check_canvas",
           "find_weights", "fit_of", "is_density", "list_models", "list_pretrained",
           "load_predictor", "load_pretrained", "network_spec", "origin", "postprocess_of",
           "provenance"]

MODELS = {
    "bms": bms.SPEC,
    "center_bias": center_bias.SPEC,
    "deepgaze1": deepgaze1.SPEC,
    "ead": ead.SPEC,
    "gbvs": gbvs.SPEC,
    "itti": itti.SPEC,
    "msi_net": msi_net.SPEC,
    "opensalicon": opensalicon.SPEC,
    "salgan": salgan.SPEC,
    "salnet_deep": salnet_deep.SPEC,
    "salnet_shallow": salnet_shallow.SPEC,
    "vgg_linear": vgg_linear.SPEC,
}


@dataclass(frozen=True)
class ClassicalModel:
    """A classical model with its options: a function of an image, not a network.

    Called with an image [H, W, 3] RGB 0..255 of any size it gives float32 [H, W] in 0..1.
    """

    name: str
    options: dict = field(default_factory=dict)

    def __call__(self, image):
        return MODELS[self.name].builder(image, **self.options)


def list_models(classical=None) -> list:
    """Registered model names, sorted: all, or with `classical` true or false those alone that are
    functions of an image, or networks."""
    return sorted(name for name, spec in MODELS.items() if classical in (None, spec.classical))


def network_spec(name) -> ModelSpec:
    """The `ModelSpec` of a network.

    Raises:
        InputError: an unknown name, or a classical model (lists the networks).
    """
    networks = list_models(classical=False)
    if name not in networks:
        raise InputError(f"no model {name!r}; the networks are {', '.join(networks)}")
    return MODELS[name]


def postprocess_of(model):
    """The function (canvas map [h, w, 1], size (H, W)) -> [H, W, 1] that ends a model.

    Its own where its authors have one, else `maps.from_canvas`, or `maps.density_from_canvas` where
    the output is a density, with the model's fit; predict, evaluate and export apply it alike.
    """
    spec = MODELS.get(model.name)
    plain = maps.density_from_canvas if is_density(model.name) else maps.from_canvas
    return partial((spec and spec.postprocess) or plain, fit=fit_of(model))


def fit_of(model) -> str:
    """How pictures come onto a model's canvas, "pad" or "stretch" (see `maps`): as it was trained,
    or as the authors of its name do; "pad" where nothing says."""
    spec = MODELS.get(model.name)
    return getattr(model, "canvas_fit", None) or (spec.fit if spec else maps.PAD)


def is_density(name) -> bool:
    """Whether the output of the model of this name is a density."""
    return is_calibrated(name) or name in MODELS and MODELS[name].density


def build_model(name, input_shape=None, encoder_weights=None, **options):
    """Build a registered model.

    Args:
        name: one of `list_models()`. Of a classical model the other arguments are its options
            alone.
        input_shape: (H, W, 3), or None for any size that the strides divide.
        encoder_weights: None (random), "imagenet", or the path of an HDF5 file with VGG16.
        **options: the builder's own, e.g. `aspp=False`; see its docstring.

    Returns:
        keras.Model on RGB float32 0..255 [B, H, W, 3] with the attributes `canvas` (h, w), the
        size that `predict` works at, and `canvas_fit`, "pad" or "stretch", how it brings pictures
        there; or a `ClassicalModel`, which `predict` takes as well.

    Raises:
        InputError: unknown name or option (lists the valid ones), or a network's option of another
            type or out of range.
        WeightsError: encoder weights that cannot be had or do not fit.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}; the models are {', '.join(list_models())}")
    spec = MODELS[name]
    check_names(name, spec.builder, options)
    if spec.classical:
        if input_shape is not None or encoder_weights is not None:
            raise InputError(f"{name} takes images of any size and has no encoder: leave "
                             "input_shape and encoder_weights out")
        return ClassicalModel(name, options)
    check_values(name, spec.builder, options)
    model = spec.builder(input_shape=tuple(input_shape or (None, None, 3)), **options)
    model.canvas = tuple(input_shape[:2]) if input_shape else spec.canvas
    model.canvas_fit = spec.fit
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    return model


def check_canvas(model, canvas) -> None:
    """Raise `InputError` unless `canvas` is (h, w), within limits, which the strides of `model`
    divide."""
    def output_size(size):
        return tuple(model.compute_output_shape((1, *size, 3))[1:3])

    canvas, fixed = check_size(tuple(canvas)), tuple(model.input_shape[1:3])
    if None not in fixed and fixed != canvas:
        raise InputError(f"{model.name} takes a canvas of {fixed} alone, not {canvas}")
    if output_size(canvas) == canvas:
        return
    rounded = ([-(-side // stride) * stride for side in canvas] for stride in (2, 4, 8, 16, 32))
    fitting = next((size for size in rounded if output_size(size) == tuple(size)), None)
    raise InputError(f"{model.name} makes a map of {output_size(canvas)} on a canvas of {canvas}; "
                     "its strides must divide the canvas"
                     + (f": take {fitting}" if fitting else ""))


def load_pretrained(name_or_path):
    """A trained model with its weights.

    Args:
        name_or_path: a name in `weights/`, a weights file that this package wrote, or a run
            folder (its `best.h5` is taken).

    Returns:
        keras.Model of any input size, its `canvas` and `canvas_fit` those it was trained at; its
        `about` is a dict of what its file says: file, model, options, training data, scores,
        licence, calibration. A model that was calibrated is loaded so, and gives a density. In
        `weights/` the file must be the one of the manifest, by sha256.

    Raises:
        WeightsError: no such weights, a file that does not say which model it is for, or whose
            attributes or weights are out of range or do not fit; it names the file and which.
    """
    path = find_weights(name_or_path)
    attributes = weights_file.read_attributes(path)
    model = _build_described(attributes, path)
    weights_file.assign(model, read_weights(path, attributes, model), path)
    attributes["file"] = str(path)
    model.about = MappingProxyType(attributes)  # a plain dict would be tracked as weights
    return model


def _build_described(attributes, path):
    """The model that the attributes of the weights file `path` describe, without its weights."""
    if "model" not in attributes:
        raise WeightsError(f"{path} does not say which model it is for (no attribute 'model'); "
                           "it holds an encoder or was written by another program")
    name, options = attributes["model"], attributes.get("options", {})
    networks = list_models(classical=False)
    if not isinstance(name, str) or name not in networks:
        raise WeightsError(f"{path}: attribute 'model' is {reprlib.repr(name)}; the networks are "
                           f"{', '.join(networks)}")
    if not isinstance(options, dict):
        raise WeightsError(f"{path}: attribute 'options' is {reprlib.repr(options)}, not options "
                           "by name")
    try:
        canvas = check_size(attributes.get("canvas", MODELS[name].canvas))
    except InputError as error:
        raise WeightsError(f"{path}: attribute 'canvas': {error}") from None
    fit = attributes.get("fit", maps.PAD)  # files of before there was a choice have none
    if not isinstance(fit, str) or fit not in FITS:
        raise WeightsError(f"{path}: attribute 'fit' is {reprlib.repr(fit)}, not "
                           f"{' or '.join(FITS)}")
    try:
        check_names(name, MODELS[name].builder, options)  # or one might be an argument beside them
        model = build_model(name, **options)
    except InputError as error:
        raise WeightsError(f"{path}: attribute 'options': {error}") from None
    model.canvas, model.canvas_fit = canvas, fit
    if "calibration" not in attributes:
        return model
    if not isinstance(attributes["calibration"], dict):
        raise WeightsError(f"{path}: attribute 'calibration' is "
                           f"{reprlib.repr(attributes['calibration'])}, not what it was fitted to")
    return add_calibration(model)


def load_predictor(name_or_path):
    """What `predict` takes: a `ClassicalModel` by its name, else as `load_pretrained`."""
    spec = MODELS.get(str(name_or_path))
    if spec is not None and spec.classical:
        return build_model(str(name_or_path))
    return load_pretrained(name_or_path)


def origin(model) -> str:
    """One line on where the weights of `load_predictor` come from and what they were trained on.

    `model.about` has the same facts as a dict.
    """
    if isinstance(model, ClassicalModel):
        return f"{model.name}: a classical model, nothing was trained"
    return printable(f"{model.about['file']}: {provenance(model)}")


def provenance(model) -> str:
    """What a network was trained on and the licence of its weights, as far as it is known."""
    about = getattr(model, "about", {})
    count = about.get("training_stimuli")
    trained = (f"trained on {f'{count} stimuli of ' if count else ''}{about['dataset']}"
               if "dataset" in about else "its file does not say what it was trained on")
    fitted = about.get("calibration", {})
    calibrated = (f", calibrated on {fitted.get('stimuli')} stimuli of {fitted.get('dataset')}"
                  if fitted else "")
    licence = f"; licence {about['licence']}" if "licence" in about else ""
    return printable(f"{model.name}, {trained}{calibrated}{licence}")
