"""What a run of DeepGaze I adds to its folder: explained information, and units it relies on."""
import csv

import numpy as np

from keras_saliency import maps, metrics
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.evaluation.gold_standard import fit_gold_standard, information_gain_explained
from keras_saliency.files import plain_cell
from keras_saliency.models.deepgaze1 import HALVED, receptive_field
from keras_saliency.report import plots

GAIN = "information_gain_density"


def write(run, result, center, log=print) -> list:
    """Say how much of the explainable information the model explains, and draw units.png.

    Args:
        run: a `Run` fitted by L-BFGS. result: `Evaluation` of its validation stimuli.
        center: the center_bias of its training stimuli.

    Returns:
        [(file, what it holds)] for the run's list of files.
    """
    if GAIN in result.means():
        log(explained(run, result, center))
    draw_patches(run)
    files = [("units.csv", "weight of every unit"),
             ("patches.csv", "where the first units respond most; as pictures in units.png")]
    if (run.folder / "observers.csv").exists():
        log(observers_explained(run.folder / "observers.csv"))
        files.append(("observers.csv", "bits per fixation of each observer, predicted by a fit "
                                       "to the others, and by the gold standard"))
    return files


def explained(run, result, center) -> str:
    """Information gain over the center_bias and its share of the gold standard's.

    Means over validation stimuli of the means over their fixations, at the stimuli's own size;
    the gold standard predicts each observer by the others (Kuemmerer et al. 2015, section 2.1),
    and the share is over the stimuli that two or more looked at.
    """
    line = (f"\ninformation gain over the center_bias: {result.means()[GAIN]:.3f} bits per "
            "fixation")
    try:
        gold = fit_gold_standard(run.training, center=center)
        nats = gold.log_likelihoods(run.validation)
    except DatasetError as error:
        return f"{line}; no gold standard: {error}"
    prior = np.array([metrics.log_likelihood(center(run.validation, i).log_density,
                                             run.validation.fixations.fixation_map(i))
                      for i in range(len(run.validation))])
    gains, explainable = result.scores[GAIN], (nats - prior) / np.log(2)
    share = information_gain_explained(gains, np.zeros_like(gains), explainable)
    if np.isnan(share):  # too few fixations for others to predict an observer
        return f"{line}; the gold standard gains nothing on it"
    both = ~np.isnan(gains + explainable)
    return (f"{line}, {100 * share:.0f} % of the gold standard's {explainable[both].mean():.3f} "
            f"({both.sum()} stimuli)")


def observers_explained(path) -> str:
    """`observer_shares` in words."""
    count, shares = observer_shares(path)
    parts = [f"{gain:.3f} bits per fixation on the {stimuli} stimuli, {100 * share:.0f} % of the "
             f"gold standard's {gold:.3f}" for stimuli, (gain, gold, share) in shares.items()]
    return f"each of {count} observers left out: {'; '.join(parts)}"


def observer_shares(path) -> tuple:
    """The mean over observers, each left out, on the training and on the validation stimuli, and
    its share of what the gold standard gains: the paper's measure (its Figure 3).

    Args:
        path: of an observers.csv.

    Returns:
        (number of observers, {"training" or "validation": (bits per fixation over the center_bias,
        those of the gold standard, share)}).
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = [{key: float(cell) for key, cell in row.items()} for row in csv.DictReader(file)]
    found = {}
    for gain, explainable, stimuli in (("information_gain", "gold_standard", "training"),
                                       ("val_information_gain", "val_gold_standard", "validation")):
        gains, gold = (np.array([row[key] for row in rows]) for key in (gain, explainable))
        share = information_gain_explained(gains, np.zeros_like(gains), gold)
        found[stimuli] = (float(np.nanmean(gains)), float(np.nanmean(gold)), share)
    return len(rows), found


def read_patches(folder) -> list:
    """The rows of a run's patches.csv as dicts: numbers, `layer` and `stimulus` as texts."""
    with open(folder / "patches.csv", newline="", encoding="utf-8") as file:
        return [{**{key: int(row[key]) for key in ("rank", "unit", "place", "row", "column")},
                 "layer": row["layer"], "stimulus": plain_cell(row["stimulus"]),
                 "response": float(row["response"])} for row in csv.DictReader(file)]


def read_units(folder) -> list:
    """The rows of a run's units.csv as dicts, by the size of their weight."""
    with open(folder / "units.csv", newline="", encoding="utf-8") as file:
        return [{"rank": int(row["rank"]), "layer": row["layer"], "unit": int(row["unit"]),
                 "weight": float(row["weight"])} for row in csv.DictReader(file)]


def draw_patches(run, path=None) -> None:
    """A row for each of the first units, the patches that patches.csv names; as units.png, or as
    `path`."""
    load, index_of = pipeline.stimulus_loader(run.training), {
        name: i for i, name in enumerate(run.training.names)}
    rows = {}
    for patch in read_patches(run.folder):
        canvas = maps.to_canvas(load(index_of[patch["stimulus"]]), run.spec.canvas).numpy()
        rows.setdefault((patch["rank"], patch["layer"], patch["unit"]), []).append(
            _cut(canvas, patch["layer"], patch["row"], patch["column"]))
    weights = {row["rank"]: row["weight"] for row in read_units(run.folder)}
    count = max(len(pictures) for pictures in rows.values())
    largest = max(abs(weight) for weight in weights.values()) or 1.0
    plots.sample_strip(
        [(*pictures, f"{layer} {unit}: {weights[rank] / largest:+.2f}")
         for (rank, layer, unit), pictures in rows.items()],
        path or run.folder / "units.png", [str(place + 1) for place in range(count)])


def patch_box(layer, row, column) -> tuple:
    """(top, left, size) in pixels of the canvas of what a cell of a layer sees."""
    size, stride = (HALVED * n for n in receptive_field(layer))
    return (*(round((cell + 0.5) * stride - size / 2) for cell in (row, column)), size)


def _cut(canvas, layer, row, column) -> np.ndarray:
    """uint8 [n, n, 3]: what a cell of a layer sees of a canvas; gray beyond the border."""
    top, left, size = patch_box(layer, row, column)
    padded = np.pad(canvas, ((size, size), (size, size), (0, 0)),
                    constant_values=maps.STIMULUS_PADDING)
    return padded[top + size:top + 2 * size, left + size:left + 2 * size].astype(np.uint8)
