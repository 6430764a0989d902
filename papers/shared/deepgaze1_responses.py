"""Responses of DeepGaze I's backbone on disk, shared by the fits to subsets of its layers."""
import json
from pathlib import Path

import numpy as np

from keras_saliency.files import atomic_folder
from keras_saliency.metrics.streaming import Moments
from keras_saliency.training.deepgaze1_likelihood import Responses, chosen_layers, collect
from keras_saliency.training.features import DTYPE, cache_fingerprint
from keras_saliency.units.activations import activation_model

MOMENTS, LAYERS = "moments.npz", "layers.json"


def stored(model, dataset, canvas, most_cells, folder) -> Responses:
    """Return the `Responses` of all layers that `model` reads out, as read-only memory maps.

    They are collected unless `folder` holds those of the same layers, weights, stimuli (by their
    contents), canvas and cells. An interrupted collection is never taken for a finished one.

    Args:
        model: a `deepgaze1`. most_cells: as in `deepgaze1_likelihood.collect`.
    """
    backbone = activation_model(model, chosen_layers(model))
    key = cache_fingerprint(backbone, dataset, [list(canvas), list(most_cells)])
    place = Path(folder) / key[:16]
    if not place.is_dir():
        with atomic_folder(place) as unfinished:
            _make(model, dataset, canvas, most_cells, unfinished)
    layers = json.loads((place / LAYERS).read_text(encoding="utf-8"))
    with np.load(place / MOMENTS) as parts:
        moments = {layer: Moments(*(parts[f"{layer}.{part}"] for part in Moments._fields))
                   for layer in layers}
    return Responses({layer: np.load(place / f"{layer}.npy", mmap_mode="r") for layer in layers},
                     moments)


def _make(model, dataset, canvas, most_cells, folder: Path) -> None:
    folder.mkdir()

    def allocate(layer, shape):
        return np.lib.format.open_memmap(folder / f"{layer}.npy", "w+", DTYPE, shape)

    found = collect(model, dataset, canvas, batch=2, label=f"responses of {len(dataset)} stimuli",
                    most_cells=most_cells, allocate=allocate)
    for maps in found.maps.values():
        maps.flush()
    np.savez(folder / MOMENTS, **{f"{layer}.{part}": values
                                      for layer, moments in found.moments.items()
                                      for part, values in moments._asdict().items()})
    (folder / LAYERS).write_text(json.dumps(list(found.maps)), encoding="utf-8")


def choose(responses: Responses, layers) -> Responses:
    """Return the responses of some layers."""
    return Responses({layer: responses.maps[layer] for layer in layers},
                     {layer: responses.moments[layer] for layer in layers})
