"""Calibration: turn a network's saliency_maps into densities that fit the fixations of a dataset.

A few numbers (`models.calibration`) are fitted by maximum likelihood, and tested on stimuli that
they were not fitted to. If they do not help there, the network stays as it was.
"""
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Iterable, Optional, Sequence

import keras
import numpy as np
from tqdm import tqdm

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.pipeline import unreadable_files_named
from keras_saliency.evaluation.center_bias import CenterBias
from keras_saliency.evaluation.seen import FINGERPRINTS, MOST_FINGERPRINTS
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.files import AnyPath, require
from keras_saliency.models import check_canvas, facts_of, save, with_facts
from keras_saliency.models.calibration import Parameters, add_calibration, write_parameters
from keras_saliency.prediction.predictor import network_of
from keras_saliency.training import likelihood

FOLDS = 5
CENTER_BIAS, UNCALIBRATED, CALIBRATED = "center bias alone", "uncalibrated", "calibrated"
ROWS = (CENTER_BIAS, UNCALIBRATED, CALIBRATED)


@dataclass(frozen=True)
class Calibration:
    """The result of a calibration.

    `held_out` has, for each stimulus while it was held out, the mean bits per fixation over a
    uniform density for each of `ROWS`. "uncalibrated" is the map (min-max'ed, FLOOR added) divided
    by its sum, or the network's own density.
    """

    model: keras.Model      # calibrated, or the network as it was if that is no worse
    parameters: Parameters  # fitted to all stimuli
    held_out: np.ndarray    # float64 [N, 3]
    fixations: int          # their number
    canvas: tuple           # (h, w)

    def gains(self) -> tuple[np.ndarray, np.ndarray]:
        """Return means [2] and 95 % bootstrap intervals [2, 2] of the gains over `ROWS[:2]`."""
        values = self.held_out[:, 2:] - self.held_out[:, :2]
        return values.mean(axis=0), bootstrap_intervals(values)

    @property
    def improved(self) -> bool:
        """True if the intervals of both gains lie above 0."""
        return bool((self.gains()[1][:, 0] > 0).all())

    def table(self) -> str:
        """Return the held-out numbers with 95 % bootstrap intervals over stimuli, as text."""
        columns = np.concatenate([self.held_out, self.held_out - self.held_out[:, :1]], axis=1)
        cells = [f"{mean:6.3f} [{low:.3f}, {high:.3f}]" for mean, (low, high)
                 in zip(columns.mean(axis=0), bootstrap_intervals(columns))]
        over_center = ["", *cells[len(ROWS) + 1:]]
        return "\n".join([
            f"held-out bits per fixation, {FOLDS} folds of {len(self.held_out)} stimuli",
            f"{'':20}{'over uniform':26}over the center bias",
            *(f"{name:20}{cell:26}{other}".rstrip()
              for name, cell, other in zip(ROWS, cells, over_center))])

    def decision(self) -> str:
        """Return the decision as a line; for a calibrated model, with its parameters."""
        if not self.improved:
            short = [f"{mean:.3f} [{low:.3f}, {high:.3f}] over {name}" for name, mean, (low, high)
                     in zip(ROWS, *self.gains()) if not low > 0]
            return ("not calibrated: the model stays as it was. On held-out stimuli the gain in "
                    f"bits per fixation is not clearly above 0: {', '.join(short)}")
        found = self.parameters
        return (f"calibrated on {len(self.held_out)} stimuli with {self.fixations} fixations: blur "
                f"{found.sigma:.1f} pixels of a canvas of {self.canvas[0]}x{self.canvas[1]}, "
                f"weight of the center bias {found.center_weight:.2f}, share of uniform "
                f"{found.uniform_share:.1%}")

    def facts(self, dataset: SaliencyDataset) -> dict:
        """Return the facts of a calibration to `dataset` that a weights file holds."""
        intervals = bootstrap_intervals(self.held_out)
        named = len(dataset) <= MOST_FINGERPRINTS
        return {"dataset": dataset.label,
                "stimuli": len(self.held_out), "fixations": self.fixations,
                **({FINGERPRINTS: dataset.fingerprints()} if named else {}),
                "held_out": {"bits_per_fixation_over": "uniform", "folds": FOLDS, **{
                    name.replace(" ", "_"): [round(float(value), 4) for value in (mean, *interval)]
                    for name, mean, interval in zip(ROWS, self.held_out.mean(axis=0), intervals)}}}

    def save(self, path: AnyPath) -> Path:
        """Write the calibrated model to a file (.h5 or .keras), which `load_pretrained` reads.

        `InputError` if the calibration did not help, or for .h5 and a network of your own.
        """
        require(self.improved, f"{path} is not written: the calibration did not help")
        return save(self.model, path)


def calibrate(model: keras.Model, dataset: SaliencyDataset,
              canvas: Optional[Sequence[int]] = None,
              log: Callable[[str], None] = print) -> keras.Model:
    """Fit a network's saliency_maps to the fixations of a dataset: its output becomes a density.

    Args and Raises as for `fit`. Returns a keras.Model of the same input whose output is a density
    (`models.calibration`); `predict`, evaluation and export take it like any other. If that is no
    better on held-out stimuli, it is `model` itself; `log` gets a line about it.
    """
    return fit(model, dataset, canvas, log).model


def fit(model: Any, dataset: SaliencyDataset, canvas: Optional[Sequence[int]] = None,
        log: Callable[[str], None] = print) -> Calibration:
    """Calibrate a model; return it with the held-out numbers and the parameters.

    Args:
        model: Keras saliency model on RGB 0..255.
        dataset: has fixations on at least 5 stimuli; the others are left out.
        canvas: (h, w) to work at, default the model's; portraits turn it as in `predict`.
        log: called with the held-out numbers and the decision.

    Raises:
        DatasetError: fixations on fewer stimuli, or a picture that cannot be read.
        InputError: a model of another kind, or calibrated already, or a canvas that its strides do
            not divide. FloatingPointError: a network whose maps have NaN or infinity.
    """
    model = network_of(model)
    calibrated = add_calibration(model)  # refuses what it cannot take before the network runs
    canvas = tuple(canvas or facts_of(model).require_canvas())
    check_canvas(model, canvas)
    calibrated = with_facts(calibrated, facts_of(calibrated).changed(canvas=canvas))
    dataset = looked_at(dataset)
    with unreadable_files_named(dataset):
        cells = likelihood.collect(model, dataset, canvas)
    with tqdm(total=FOLDS + 1, desc="calibration", unit="fit") as bar:
        held_out = cross_validate(cells, bar.update)
        found = likelihood.parameters(cells, *likelihood.fit(cells, np.arange(len(dataset))))
        bar.update()
    result = Calibration(model, found, held_out, len(dataset.fixations), canvas)
    if result.improved:
        write_parameters(calibrated, found)
        known = facts_of(calibrated)
        result = replace(result, model=with_facts(calibrated, known.changed(about={
            **known.about, "calibration": result.facts(dataset)})))
    log(f"{result.table()}\n{result.decision()}")
    return result


def looked_at(dataset: SaliencyDataset) -> SaliencyDataset:
    """Return the stimuli with fixations; `DatasetError` if there are fewer than 5."""
    counts = [] if dataset.fixations is None else np.diff(dataset.fixations.offsets)
    rows = np.flatnonzero(counts)
    require(len(rows) >= FOLDS, f"{dataset.name}: a calibration needs fixations on at least "
            f"{FOLDS} stimuli, to hold some out; there are {len(rows)} of {len(dataset)}",
            error=DatasetError)
    return dataset if len(rows) == len(dataset) else dataset.select(rows)


def cross_validate(cells: likelihood.Cells, after_fold: Callable[[], Any]) -> np.ndarray:
    """Return float64 [N, 3]: mean bits per fixation over uniform for `ROWS`, by cross-validation.

    Each stimulus is held out once; center bias and calibration are fitted to the other folds.
    """
    order = np.random.RandomState(0).permutation(len(cells.dataset))
    held_out = np.zeros((len(order), len(ROWS)))
    for rows in map(np.sort, np.array_split(order, FOLDS)):
        vector, center, spans = likelihood.fit(cells, np.setdiff1d(order, rows))
        held_out[rows] = score(cells, rows, vector, center, spans)
        after_fold()
    return held_out


def score(cells: likelihood.Cells, rows: np.ndarray, vector: np.ndarray, center: CenterBias,
          spans: list) -> np.ndarray:
    """Return float64 [n, 3]: `ROWS` for the stimuli `rows`, with a `fit` to other stimuli."""
    prior = likelihood.priors(cells, rows, center, spans)
    return np.stack([center_bits(cells.dataset, rows, center),
                     likelihood.bits(cells, rows, cells.plain[rows]),
                     likelihood.calibrated(cells, rows, prior, vector)], axis=1)


def center_bits(dataset: SaliencyDataset, rows: Iterable[int], center: CenterBias) -> np.ndarray:
    """Return float64 [n]: mean bits per fixation over uniform of a center bias of other stimuli."""
    def bits(row):
        x, y = np.floor(dataset.fixations.of(row)).astype(np.intp).T
        density = center.predict(dataset.sizes[row]).saliency_map
        return np.log2(density[y, x] * density.size).mean()

    return np.array([bits(row) for row in rows])
