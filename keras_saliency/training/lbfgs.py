"""A run of DeepGaze I: its fit, the weights of its units, the prediction of each observer."""
from pathlib import Path
from typing import Callable, Optional, Sequence

import keras
import numpy as np
from tqdm import tqdm

from keras_saliency import maps, metrics
from keras_saliency.config import Config, EvaluationConfig, TrainConfig, require
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.loading import Section
from keras_saliency.evaluation.center_bias import CenterBias, center_bias
from keras_saliency.evaluation.gold_standard import fit_gold_standard, information_gain_explained
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.files import AnyPath, plain_cell, read_csv, write_csv
from keras_saliency.models import weights_file
from keras_saliency.models.deepgaze1 import HALVED, receptive_field
from keras_saliency.report import plots
from keras_saliency.training import deepgaze1_likelihood as readout
from keras_saliency.training.deepgaze1_likelihood import Likelihood, Parameters, Responses
from keras_saliency.training.likelihood import canvas_prior, canvas_spans
from keras_saliency.training.run import BEST, LAST, Run, best_row, last_epoch, open_folder

GAINS = ("information_gain", "val_information_gain")
EXPLAINABLE = ("gold_standard", "val_gold_standard")  # the gain of the other observers' fixations
SCORE = "information_gain_density"
UNITS, PATCHES, OBSERVERS = "units.csv", "patches.csv", "observers.csv"  # made from best.h5
CELLS = {"layer": str, "weight": float, "share_of_largest": float,  # all others are int
         "stimulus": plain_cell, "response": float}
OBSERVERS_HEADER = ("observer", *GAINS, *EXPLAINABLE)
SAVE_EVERY = 10
SHOWN_UNITS, SHOWN_PATCHES = 10, 9  # as the paper's Figure 6
USED = ("lbfgs", "monitor", "seed", "deterministic")  # keys of the section train


def train(config: Config, model: keras.Model, sections: Sequence[Section], resume: bool,
          log: Callable[[str], None]) -> Run:
    """Fit the readout of `model`, a `deepgaze1`, to its one dataset; otherwise as `fit.train`."""
    (data,) = sections
    check(config, model, data)
    with open_folder(config, resume) as folder:
        start = readout.read_parameters(model)  # also for the fits without an observer
        # best.h5 may be ahead of last.h5, which is written after every `SAVE_EVERY` iterations
        path, rows = last_epoch(folder, (LAST, BEST)) if resume else (None, [])
        if path is not None:
            weights_file.assign(model, weights_file.read(path), path)
        run = Run(folder, config, model, rows, sections)
        log(run.opening())
        if is_over(run):
            log(f"nothing left to fit: {len(run.rows)} iterations are done")
        else:
            with pipeline.unreadable_files_named(*run.datasets):
                run.finished = fit(run, start, log)
        return run.take_best()


def check(config: Config, model: keras.Model, data: Section) -> None:
    """Raise `ConfigError` if model, stimuli or other settings do not suit `train.lbfgs`."""
    train, canvas = config.train, data.spec.canvas
    require(model.name == "deepgaze1",
            f"train.lbfgs fits deepgaze1, not {model.name}; leave it out")
    # the cells of every chosen layer must fill the canvas
    layer, stride = max(((layer, HALVED * receptive_field(layer)[1])
                         for layer in readout.chosen_layers(model)), key=lambda item: item[1])
    require(not any(side % stride for side in canvas),
            f"data.canvas {list(canvas)}: not a multiple of {stride}, the pixels to a cell of "
            f"{layer}; take {[-(-n // stride) * stride for n in canvas]}")
    for part, dataset in (("training", data.training), ("validation", data.evaluated)):
        require(dataset.has_fixations,
                f"train.lbfgs needs fixations; the {part} stimuli of {dataset.name} have none")
    if train.lbfgs.leave_one_observer_out:
        observers = np.unique(data.training.fixations.observer)
        where = f"train.lbfgs.leave_one_observer_out: {data.training.name}"
        require((observers >= 0).all(), f"{where} does not name the observers of its fixations")
        require(len(observers) > 1, f"{where} has one observer")
    require(train.monitor in ("loss", *GAINS), f"train.monitor {train.monitor!r}; with train.lbfgs "
                                               f"choose from loss, {', '.join(GAINS)}")
    idle = [f"train.{key}" for key, default in vars(TrainConfig()).items()
            if key not in USED and getattr(train, key) != default]
    idle += ["evaluation.every"] * (config.evaluation.every != EvaluationConfig().every)
    require(not idle, f"train.lbfgs does not use {', '.join(idle)}: leave it out")


def is_over(run: Run) -> bool:
    """Return True if all iterations are done, and the files made from them are written."""
    settings, observers = run.config.train.lbfgs, np.unique(run.section.training.fixations.observer)
    return (len(run.rows) >= settings.iterations
            and all((run.folder / name).exists() for name in (UNITS, PATCHES))
            and (not settings.leave_one_observer_out
                 or len(_read_observers(run.folder / OBSERVERS)) == len(observers)))


def fit(run: Run, start: Parameters, log: Callable[[str], None]) -> bool:
    """Fit `run.model` from where `run.rows` ends, and write the run's CSV files.

    Return False if it was interrupted (Ctrl-C); the last finished iteration is saved. If the loss
    is not finite, raise `FloatingPointError` and write nothing of that iteration.

    Args:
        start: the `Parameters` before the run's first iteration.
    """
    settings, canvas, model = run.config.train.lbfgs, run.section.spec.canvas, run.model
    center = center_bias(run.section.training, method=run.sections[0].data.center_bias)
    datasets = {"training": run.section.training, "validation": run.section.evaluated}
    responses = [readout.collect(model, dataset, canvas, label=f"responses ({part})")
                 for part, dataset in datasets.items()]
    deviations = responses[0].deviations()
    likelihoods = [readout.Likelihood(part, deviations, dataset, canvas, center, settings.cell)
                   for part, dataset in zip(responses, datasets.values())]
    measured = deviations, canvas_prior(center, canvas_spans(run.section.training.sizes, canvas))
    finished = _iterate(run, likelihoods, measured, log)
    best = run.folder / BEST
    if best.exists():
        found = readout.read_parameters(model, weights_file.read(best))
        write_units(run.folder, found, responses[0], run.section.training)
    if not finished or not settings.leave_one_observer_out:
        return finished
    return leave_one_observer_out(run, likelihoods, start, center, log)


def _iterate(run, likelihoods, measured, log) -> bool:
    """Run the iterations that are left; return False if they were interrupted."""
    # order of writing: history, best weights, `run.rows`; `last_epoch` relies on it
    settings, monitor = run.config.train.lbfgs, run.config.train.monitor
    left = settings.iterations - len(run.rows)
    if left <= 0:
        return True
    counts = [part.counts(part.dataset.fixations) for part in likelihoods]
    bar = tqdm(total=settings.iterations, initial=len(run.rows), desc="L-BFGS", unit="iteration")

    def after_step(parameters, objective):
        if not np.isfinite(objective):
            raise FloatingPointError(f"the loss became {objective} in iteration "
                                     f"{len(run.rows) + 1}; are the weights it began with finite?")
        gains = [_gain(part, count, parameters) for part, count in zip(likelihoods, counts)]
        rows = [*run.rows, {"epoch": len(run.rows) + 1, "loss": objective,
                            **dict(zip(GAINS, gains))}]
        readout.write_parameters(run.model, parameters, *measured)
        run.write_history(rows)
        if best_row(rows, monitor) == len(rows) - 1:
            run.save(BEST, rows)
            for name in (UNITS, PATCHES, OBSERVERS):  # they are of the best weights before
                (run.folder / name).unlink(missing_ok=True)
        if len(rows) % SAVE_EVERY == 0:
            run.save(LAST, rows)
        run.rows = rows
        bar.set_postfix_str(f"loss {objective:.4f}, information gain {gains[0]:.3f} bits, "
                            f"validation {gains[1]:.3f}", refresh=False)
        bar.update()

    try:
        with bar:
            found = readout.minimize(likelihoods[0], run.section.training.fixations,
                                     readout.read_parameters(run.model), settings, left, after_step)
            if not run.rows:  # the starting weights were the best
                after_step(*found)
    except KeyboardInterrupt:
        run.save(LAST, run.rows)
        log(f"\ninterrupted after {len(run.rows)} iterations; resume the run to continue")
        return False
    run.save(LAST, run.rows)
    log(f"L-BFGS ended after {len(run.rows)} iterations")
    return True


def _gain(likelihood, counts, parameters) -> float:
    """Return the bits per fixation over the center_bias; NaN without fixations."""
    bits, fixations = likelihood.over_center_bias(counts, parameters)
    return float(bits.sum() / fixations.sum()) if fixations.any() else np.nan


def write_units(folder: Path, parameters: Parameters, responses: Responses,
                dataset: SaliencyDataset) -> None:
    """Write units.csv, all units sorted by the size of their weights, and patches.csv.

    patches.csv has, for each of the first ten units, the stimuli in which it responds most (least,
    for a negative weight), and the place.
    """
    names = [(layer, unit) for layer, maps in responses.maps.items()
             for unit in range(maps.shape[-1])]
    share = np.abs(parameters.weights) / max(np.abs(parameters.weights).max(), 1e-30)
    order = np.argsort(-share, kind="stable")
    write_csv(folder / UNITS, ("rank", "layer", "unit", "weight", "share_of_largest"),
              [(rank, *names[k], f"{parameters.weights[k]:.6g}", f"{share[k]:.4f}")
               for rank, k in enumerate(order, start=1)])
    rows = []
    for rank, k in enumerate(order[:SHOWN_UNITS], start=1):
        layer, unit = names[k]
        found = responses.maps[layer][..., unit].astype(np.float32)
        signed = (found if parameters.weights[k] >= 0 else -found).reshape(len(found), -1)
        best = np.argsort(-signed.max(axis=1), kind="stable")[:SHOWN_PATCHES]
        for place, index in enumerate(best, start=1):
            row, column = divmod(int(signed[index].argmax()), found.shape[2])
            rows.append((rank, layer, unit, place, dataset.names[index], row, column,
                         f"{found[index, row, column]:.6g}"))
    write_csv(folder / PATCHES, ("rank", "layer", "unit", "place", "stimulus", "row", "column",
                                 "response"), rows)


def leave_one_observer_out(run: Run, likelihoods: Sequence[Likelihood], start: Parameters,
                           center: CenterBias, log: Callable[[str], None]) -> bool:
    """Write observers.csv: each observer's fixations, predicted by a fit to those of all others.

    Beside each stands the gain of the gold standard, which predicts the same fixations from those
    of the others on the same stimulus (Kuemmerer et al. 2015, section 2.1). Every fit begins at
    `start`, which knows nothing of the observer left out, and takes as many iterations as the fit
    to all observers took to its best. A stimulus counts by the observer's fixations on it.
    Observers in the file are not fitted again. Return False if it was interrupted (Ctrl-C).
    """
    path, settings = run.folder / OBSERVERS, run.config.train.lbfgs
    observers, rows = run.section.training.fixations.observer, _read_observers(path)
    done = {int(row[0]) for row in rows}
    gold = fit_gold_standard(run.section.training, center=center)
    explainable = [gold.observers_gain(part.dataset, center) for part in likelihoods]
    try:
        for observer in tqdm(np.unique(observers), desc="leaving one observer out",
                             unit="observer"):
            if observer in done:
                continue
            fitted, _ = readout.minimize(
                likelihoods[0], run.section.training.fixations.where(observers != observer), start,
                settings, run.best["epoch"])
            theirs = [part.dataset.fixations.where(part.dataset.fixations.observer == observer)
                      for part in likelihoods]
            gains = [_gain(part, part.counts(fixations), fitted)
                     for part, fixations in zip(likelihoods, theirs)]
            gains += [part.get(int(observer), np.nan) for part in explainable]
            rows.append((int(observer), *(f"{gain:.4f}" for gain in gains)))
            write_csv(path, OBSERVERS_HEADER, rows)
    except KeyboardInterrupt:
        log(f"\ninterrupted after {len(rows)} observers; resume the run to continue")
        return False
    return True


def _read_observers(path: Path) -> list:
    """Return the rows of observers.csv below its header; [] without one of these columns."""
    rows = read_csv(path) if path.exists() else []
    return [tuple(row.values()) for row in rows if tuple(row) == OBSERVERS_HEADER]


def write_results(run: Run, result: Evaluation, center: CenterBias,
                  log: Callable[[str], None] = print) -> list[tuple[str, str]]:
    """Log the share of the explainable information that the model explains, and draw units.png.

    Return [(file, its contents in words)] for the run's list of files.

    Args:
        result: of the validation stimuli. center: the center_bias of the training stimuli.
    """
    if SCORE in result.means():
        log(explained(run, result, center))
    draw_patches(run)
    files = [(UNITS, "weight of every unit"),
             (PATCHES, "strongest responses of the first units; as pictures in units.png")]
    if (run.folder / OBSERVERS).exists():
        log(observers_explained(run.folder / OBSERVERS))
        files.append((OBSERVERS, "bits per fixation of each observer, predicted by a fit to the "
                                 "others, and by the gold standard"))
    return files


def explained(run: Run, result: Evaluation, center: CenterBias) -> str:
    """Return a line: information gain over the center_bias, and its share of the gold standard's.

    Both are means over validation stimuli of the means over their fixations, at the stimuli's own
    size; the share is over the stimuli that two or more observers looked at.
    """
    dataset = run.section.evaluated
    line = f"\ninformation gain over the center_bias: {result.means()[SCORE]:.3f} bits per fixation"
    try:
        gold = fit_gold_standard(run.section.training, center=center)
        nats = gold.log_likelihoods(dataset)
    except DatasetError as error:
        return f"{line}; no gold standard: {error}"
    prior = np.array([metrics.log_likelihood(
        center(dataset, i).log_density, dataset.fixations.fixation_map(i))
        for i in range(len(dataset))])
    gains, explainable = result.scores[SCORE], (nats - prior) / np.log(2)
    share = information_gain_explained(gains, np.zeros_like(gains), explainable)
    if np.isnan(share):  # too few fixations to predict an observer from the others
        return f"{line}; the gold standard gains nothing on it"
    both = ~np.isnan(gains + explainable)
    return (f"{line}, {100 * share:.0f} % of the gold standard's {explainable[both].mean():.3f} "
            f"({both.sum()} stimuli)")


def observers_explained(path: AnyPath) -> str:
    """Return `observer_shares` as a line of text."""
    count, shares = observer_shares(path)
    parts = [f"{gain:.3f} bits per fixation on the {stimuli} stimuli, {100 * share:.0f} % of the "
             f"gold standard's {gold:.3f}" for stimuli, (gain, gold, share) in shares.items()]
    return f"each of {count} observers left out: {'; '.join(parts)}"


def observer_shares(path: AnyPath) -> tuple[int, dict[str, tuple]]:
    """Return the paper's measure (its Figure 3), mean gain over observers, from an observers.csv.

    Returns:
        (number of observers, {"training" or "validation": (bits per fixation over the center_bias,
        those of the gold standard, share of the first in the second)}).
    """
    rows, found = read_csv(path), {}
    for stimuli, *keys in zip(("training", "validation"), GAINS, EXPLAINABLE):
        gains, gold = (np.array([float(row[key]) for row in rows]) for key in keys)
        share = information_gain_explained(gains, np.zeros_like(gains), gold)
        found[stimuli] = (float(np.nanmean(gains)), float(np.nanmean(gold)), share)
    return len(rows), found


def read_rows(path: AnyPath) -> list[dict]:
    """Return the rows of a run's units.csv or patches.csv, with numbers as numbers."""
    return [{key: CELLS.get(key, int)(cell) for key, cell in row.items()}
            for row in read_csv(path)]


def draw_patches(run: Run, path: Optional[AnyPath] = None) -> None:
    """Draw the patches of patches.csv, a row for each unit, to units.png or `path`."""
    load, rows = pipeline.stimulus_loader(run.section.training), {}
    index_of = {name: index for index, name in enumerate(run.section.training.names)}
    for patch in read_rows(run.folder / PATCHES):
        canvas = maps.to_canvas(load(index_of[patch["stimulus"]]), run.section.spec.canvas).numpy()
        rows.setdefault((patch["rank"], patch["layer"], patch["unit"]), []).append(
            _cut(canvas, patch["layer"], patch["row"], patch["column"]))
    weights = {row["rank"]: row["weight"] for row in read_rows(run.folder / UNITS)}
    count = max(len(pictures) for pictures in rows.values())
    largest = max(abs(weight) for weight in weights.values()) or 1.0
    plots.sample_strip(
        [(*pictures, f"{layer} {unit}: {weights[rank] / largest:+.2f}")
         for (rank, layer, unit), pictures in rows.items()],
        path or run.folder / "units.png", [str(place + 1) for place in range(count)])


def patch_box(layer: str, row: int, column: int) -> tuple[int, int, int]:
    """Return (top, left, size), in pixels of the canvas, of the receptive field of a cell."""
    size, stride = (HALVED * n for n in receptive_field(layer))
    return (*(round((cell + 0.5) * stride - size / 2) for cell in (row, column)), size)


def _cut(canvas, layer, row, column) -> np.ndarray:
    """Cut out the receptive field of a cell, uint8 [n, n, 3]; gray beyond the border."""
    top, left, size = patch_box(layer, row, column)
    padded = np.pad(canvas, ((size, size), (size, size), (0, 0)),
                    constant_values=maps.STIMULUS_PADDING)
    return padded[top + size:top + 2 * size, left + size:left + 2 * size].astype(np.uint8)
