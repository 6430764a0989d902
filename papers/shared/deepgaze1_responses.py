"""Responses of DeepGaze I's backbone on disk, shared by the fits to subsets of its layers."""
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from keras_saliency.metrics.streaming import Moments
from keras_saliency.training.deepgaze1_likelihood import Responses, chosen_layers, collect
from keras_saliency.training.features import DTYPE

MOMENTS, LAYERS = "moments.npz", "layers.json"


def stored(model, encoder: str, dataset, canvas, most_cells, folder) -> Responses:
    """Return the `Responses` of all layers that `model` reads out, as read-only memory maps.

    They are collected unless `folder` holds those of the same layers, weights, stimuli, canvas and
    cells. An interrupted collection is never taken for a finished one.

    Args:
        model: a `deepgaze1`. encoder: name of its encoder weights.
        most_cells: as in `deepgaze1_likelihood.collect`.
    """
    key = json.dumps([chosen_layers(model), model.count_params(), str(encoder), dataset.name,
                      str(dataset.edition), list(dataset.names), list(canvas), list(most_cells)])
    place = Path(folder) / hashlib.sha256(key.encode()).hexdigest()[:16]
    if not place.is_dir():
        _make(model, dataset, canvas, most_cells, place)
    layers = json.loads((place / LAYERS).read_text(encoding="utf-8"))
    with np.load(place / MOMENTS) as parts:
        moments = {layer: Moments(*(parts[f"{layer}.{part}"] for part in Moments._fields))
                   for layer in layers}
    return Responses({layer: np.load(place / f"{layer}.npy", mmap_mode="r") for layer in layers},
                     moments)


def _make(model, dataset, canvas, most_cells, place: Path) -> None:
    unfinished = place.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)

    def allocate(layer, shape):
        return np.lib.format.open_memmap(unfinished / f"{layer}.npy", "w+", DTYPE, shape)

    found = collect(model, dataset, canvas, batch=2, label=f"responses of {len(dataset)} stimuli",
                    most_cells=most_cells, allocate=allocate)
    for maps in found.maps.values():
        maps.flush()
    np.savez(unfinished / MOMENTS, **{f"{layer}.{part}": values
                                      for layer, moments in found.moments.items()
                                      for part, values in moments._asdict().items()})
    (unfinished / LAYERS).write_text(json.dumps(list(found.maps)), encoding="utf-8")
    unfinished.rename(place)


def choose(responses: Responses, layers) -> Responses:
    """Return the responses of some layers."""
    return Responses({layer: responses.maps[layer] for layer in layers},
                     {layer: responses.moments[layer] for layer in layers})
