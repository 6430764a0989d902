"""Activation_maps of any layers of any Keras model, and the layers that a study is about.

`block5_conv3` is a layer of every model, `ead:block5_conv3` of one of them. `a+b` joins the units
of two layers to one group, such as both scales of OpenSALICON (He, Borji, Mi and Pugeault 2018,
Table 5: 1,024 activation_maps). Units of a group are numbered one layer after the other.
"""
from functools import partial
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence, Union

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_stream
from keras_saliency.files import InputError, require
from keras_saliency.models import facts_of
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.units.interpolation import Resampling, canvas_resampling


class LayerError(InputError):
    """A layer cannot be analysed; the message lists those that can."""


def layer_names(model: keras.Model) -> list[str]:
    """Names of the layers whose output is a stack of maps [B, h, w, U], in the model's order."""
    return [layer.name for layer in model.layers
            if not isinstance(layer, keras.layers.InputLayer)
            and len(getattr(getattr(layer, "output", None), "shape", None) or ()) == 4]


def check_layers(model: keras.Model, layers: Sequence[str], name: Optional[str] = None) -> None:
    """Raise `LayerError` if `layers` are none, or `model` (called `name`) lacks one of them."""
    valid = layer_names(model)
    wrong = ", ".join(repr(layer) for layer in layers if layer not in valid)
    require(layers and not wrong, f"{name or model.name} has no layer {wrong or 'given'} with "
                                  f"activation_maps; it has {', '.join(valid)}", error=LayerError)


def activation_model(model: keras.Model, layers: Iterable[str]) -> keras.Model:
    """Return a model [B, H, W, 3] -> {name: [B, h, w, U]} that shares the layers of `model`."""
    layers = list(layers)
    check_layers(model, layers)
    return keras.Model(model.inputs[0], {name: model.get_layer(name).output for name in layers},
                       name=f"{model.name}_activations")


def activations(model: keras.Model, layers: Iterable[str],
                batches: Iterable) -> Iterator[dict[str, tf.Tensor]]:
    """Yield {name: float tensor [B, h, w, U]} for each batch, one in memory at a time.

    Args:
        layers: names; `LayerError` is raised before the first batch.
        batches: iterable of images [B, H, W, 3], RGB 0..255, or of tuples that begin with them.
    """
    forward = _forward(model, layers)
    return (forward(batch[0] if isinstance(batch, (tuple, list)) else batch) for batch in batches)


def dataset_activations(model: keras.Model, layers: Iterable[str],
                        dataset: Union[SaliencyDataset, ConceptDataset],
                        canvas: Optional[Sequence[int]] = None,
                        indices: Optional[Sequence[int]] = None, batch: int = 4,
                        label: Optional[str] = "activations") -> Iterator[tuple[list, dict]]:
    """Yield (list of B indices, {layer: float32 [B, h, w, U]}) of a dataset's stimuli.

    Args:
        canvas: (h, w) that the stimuli are brought to, by the model's fit; None for its own.
        indices: stimuli, None for all. label: of the progress bar, None for no bar.
    """
    forward, canvas = _forward(model, layers), own_canvas(model, canvas)
    indices = indices_of(dataset, indices)
    with tqdm(total=len(indices), desc=label, unit="stimulus", disable=label is None) as bar:
        for start, images in zip(range(0, len(indices), batch),
                                 stimulus_stream(dataset, canvas, indices, batch,
                                                 facts_of(model).fit)):
            maps = {layer: tf.cast(values, tf.float32).numpy()
                    for layer, values in forward(images).items()}
            yield indices[start:start + batch].tolist(), maps
            bar.update(len(images))


def image_activations(*arguments: Any, **options: Any) -> Iterator[tuple[int, dict]]:
    """Yield (index, {layer: float32 [h, w, U]}) of single stimuli; as `dataset_activations`."""
    for chosen, maps in dataset_activations(*arguments, **options):
        for row, index in enumerate(chosen):
            yield index, {layer: values[row] for layer, values in maps.items()}


def indices_of(dataset: Union[SaliencyDataset, ConceptDataset],
               indices: Optional[Sequence[int]] = None) -> np.ndarray:
    """Return `indices`, or those of all stimuli for None, int64."""
    return np.asarray(range(len(dataset)) if indices is None else indices, np.int64)


def own_canvas(model: keras.Model, canvas: Optional[Sequence[int]] = None) -> tuple[int, int]:
    """Return `canvas`, or the model's own for None."""
    return tuple(canvas or facts_of(model).require_canvas())


def canvas_plans(model: keras.Model,
                 canvas: Optional[Sequence[int]] = None) -> Callable[..., Resampling]:
    """Return `canvas_resampling(image_size, cells, size=None)` for a canvas and a model's fit."""
    return partial(canvas_resampling, canvas=own_canvas(model, canvas), fit=facts_of(model).fit)


def choose_layers(entries: Iterable[str],
                  models: Mapping[str, keras.Model]) -> dict[str, list[str]]:
    """Return {model: names of its layers and groups "a+b"}, in the order given.

    Args:
        entries: "layer", "model:layer", "a+b" or "model:a+b". models: {name: model}.

    Raises:
        InputError: a model that is not among them. LayerError: a layer that its model does not
            have, a layer joined with itself, or a model without any.
    """
    chosen = {name: [] for name in models}
    for entry in entries:
        model, colon, name = str(entry).rpartition(":")
        require(not colon or model in models, f"layer {entry!r}: no model {model!r}; the models "
                                              f"are {', '.join(models)}")
        layers = members(name)
        for each in [model] if colon else models:
            check_layers(models[each], layers, each)
            require(len(set(layers)) == len(layers),
                    f"{name!r} joins a layer of {each} with itself", error=LayerError)
            if name not in chosen[each]:
                chosen[each].append(name)
    for model, names in chosen.items():
        require(names, f"no layer of {model} is chosen; add {model}:LAYER, where LAYER is one of "
                       f"{', '.join(layer_names(models[model]))}", error=LayerError)
    return chosen


def members(name: str) -> list[str]:
    """The layers of a group."""
    return name.split("+")


def single_layers(names: Iterable[str]) -> list[str]:
    """The layers of all these groups, each once."""
    return list(dict.fromkeys(layer for name in names for layer in members(name)))


def _forward(model, layers):
    """The compiled `activation_model`."""
    return forward_function(model, tuple(layers), lambda model: activation_model(model, layers))
