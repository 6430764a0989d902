"""Activation_maps of any layers of any Keras model."""
from typing import Iterable, Iterator, Optional, Sequence, Union

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_stream
from keras_saliency.files import InputError
from keras_saliency.models import facts_of
from keras_saliency.prediction.keras_predictor import forward_function


class LayerError(InputError):
    """A layer cannot be analysed; the message lists those that can."""


def layer_names(model: keras.Model) -> list[str]:
    """Names of the layers whose output is a stack of maps [B, h, w, U], in the model's order."""
    return [layer.name for layer in model.layers
            if not isinstance(layer, keras.layers.InputLayer)
            and _is_maps(getattr(layer, "output", None))]


def check_layers(model: keras.Model, layers: Sequence[str], name: Optional[str] = None) -> None:
    """Raise `LayerError` if `layers` are none, or `model` (called `name`) lacks one of them."""
    valid = layer_names(model)
    wrong = [layer for layer in layers if layer not in valid]
    if wrong or not layers:
        raise LayerError(f"{name or model.name} has no layer "
                         f"{', '.join(map(repr, wrong)) or 'given'} with activation_maps; it has "
                         f"{', '.join(valid)}")


def activation_model(model: keras.Model, layers: Iterable[str]) -> keras.Model:
    """Return a model from the same input to the activation_maps of the named layers.

    Returns:
        A functional model that shares the layers of `model`: [B, H, W, 3] -> {name: [B, h, w, U]}.

    Raises:
        LayerError: a name that the model does not have, or whose output is not maps; no name.
    """
    layers = list(layers)
    check_layers(model, layers)
    return keras.Model(model.inputs[0], {name: model.get_layer(name).output for name in layers},
                       name=f"{model.name}_activations")


def activations(model: keras.Model, layers: Iterable[str],
                batches: Iterable) -> Iterator[dict[str, tf.Tensor]]:
    """Yield the activation_maps of a stream of batches, one batch in memory at a time.

    Args:
        model, layers: as for `activation_model`, which also raises before the first batch.
        batches: iterable of images [B, H, W, 3], RGB 0..255, or of tuples that begin with them.

    Yields:
        {name: float tensor [B, h, w, U]} for each batch.
    """
    forward = _forward(model, layers)
    return (forward(batch[0] if isinstance(batch, (tuple, list)) else batch) for batch in batches)


def dataset_activations(model: keras.Model, layers: Iterable[str],
                        dataset: Union[SaliencyDataset, ConceptDataset], canvas: Sequence[int],
                        indices: Optional[Sequence[int]] = None, batch: int = 4,
                        label: Optional[str] = "activations") -> Iterator[tuple[list, dict]]:
    """Yield the activation_maps of a dataset's stimuli, with a progress bar.

    Args:
        model, layers: as for `activation_model`. dataset: with `stimuli`.
        canvas: (h, w) that the stimuli are brought to, by the model's fit (`models.facts_of`).
        indices: stimuli, None for all. label: of the progress bar, None for no bar.

    Yields:
        (list of B indices, {layer: array [B, h, w, U]}) for each batch.
    """
    forward = _forward(model, layers)
    indices = np.arange(len(dataset)) if indices is None else np.asarray(indices, np.int64)
    with tqdm(total=len(indices), desc=label, unit="stimulus", disable=label is None) as bar:
        for start, images in zip(range(0, len(indices), batch),
                                 stimulus_stream(dataset, canvas, indices, batch,
                                                 facts_of(model).fit)):
            maps = {layer: tf.cast(values, tf.float32).numpy()
                    for layer, values in forward(images).items()}
            yield indices[start:start + batch].tolist(), maps
            bar.update(len(images))


def _forward(model, layers):
    """The compiled `activation_model`."""
    return forward_function(model, tuple(layers), lambda model: activation_model(model, layers))


def _is_maps(output) -> bool:
    return getattr(output, "shape", None) is not None and len(output.shape) == 4
