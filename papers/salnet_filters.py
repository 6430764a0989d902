"""Filters of JuntingNet's first layer (Pan et al. 2016, Figure 3)."""
import numpy as np

from keras_saliency.files import InputError
from keras_saliency.models import load_pretrained
from papers.figures.filters import filter_figure
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.shared.filters import chance_coherence, coherence
from papers.shared.salnet_runs import runs
from papers.shared.studied import short

TITLE = "First filters of SalNet's shallow network"
ABOUT = (
    "The 32 filters (5x5, RGB) of the networks of `--weights`, by default the trainings of "
    "`salnet`, which saw 500 and 803 stimuli for 2,480 updates, where the paper's saw 10,000 for "
    "some 60,000. The paper shows the filters and calls some of them edge detectors; here one "
    "counts as such whose slopes, averaged over the colors, point along one line (coherence of "
    "the structure tensor) more than those of 95 % of random filters do, and a quarter of them "
    "must; frames mark them.")
KEYS = ("model",)
OPTIONS = ("weights",)

LAYER, SIDE, CHANNELS = "conv1", 5, "rgb"
CHANCE = 0.05  # share of random filters that count as oriented
LEAST = 0.25   # share of a network's filters that must be oriented
# One column for each number of a filter; r00 is red at the top left
PLACES = [f"{channel}{y}{x}" for y in range(SIDE) for x in range(SIDE) for channel in CHANNELS]


def parts(setting) -> list:
    return [(path,) for path in runs(setting, models=("salnet_shallow",))]


def measure(setting, model) -> list:
    """Return a row for each filter: its coherence, that of chance, and its 75 numbers."""
    network = load_pretrained(model)
    if network.name != "salnet_shallow":
        raise InputError(f"{model} is of {network.name}; the filters are those of salnet_shallow")
    kernel = np.asarray(network.get_layer(LAYER).kernel)
    limit = chance_coherence(SIDE, len(CHANNELS), 1 - CHANCE)
    return [{"filter": index, "coherence": oriented, "chance": limit,
             **dict(zip(PLACES, kernel[..., index].ravel()))}
            for index, oriented in enumerate(coherence(kernel))]


def _oriented(rows) -> np.ndarray:
    return column(rows, "coherence") > column(rows, "chance")


def tables(rows) -> list:
    body = []
    for model, some in groups(rows, "model").items():
        values = column(some, "coherence")
        body.append([f"`{short(model)}`", len(some), int(_oriented(some).sum()),
                     number(np.median(values), 2), number(values.max(), 2)])
    return [Table(f"Oriented: a coherence above {rows[0]['chance']:.2f}, which 5 % of random "
                  "filters reach:", ["network", "filters", "oriented", "median coherence",
                                     "highest"], body)]


def verdict(rows) -> Verdict:
    shares = {model: _oriented(some) for model, some in groups(rows, "model").items()}
    ours = ", ".join(f"{int(found.sum())} of {len(found)} ({short(model)})"
                     for model, found in shares.items())
    return Verdict(all(found.mean() >= LEAST for found in shares.values()),
                   f"edge detectors are among the first layer's filters; ours: {ours} are more "
                   f"oriented than 95 % of random ones, of which {LEAST:.0%} would do")


def draw(rows, stem) -> None:
    found = groups(rows, "model")
    kernels = {short(model): np.stack([column(some, place) for place in PLACES]).reshape(
        SIDE, SIDE, len(CHANNELS), -1) for model, some in found.items()}
    filter_figure(kernels, {short(model): _oriented(some) for model, some in found.items()}, stem)
