"""What a run of DeepGaze I does: responses, fit, what the units weigh, each observer left out."""
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keras_saliency.baselines import center_bias
from keras_saliency.config import ConfigError
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.files import write_csv
from keras_saliency.training import density_fit
from keras_saliency.training.callbacks import best_row

GAINS = ("information_gain", "val_information_gain")
SAVE_EVERY = 10
UNITS, PATCHES = 10, 9  # as the paper's Figure 6


def check(config, model, training: SaliencyDataset) -> None:
    """Raise `ConfigError` where `train.lbfgs` does not go with the rest of the run."""
    settings = config.train.lbfgs
    if model.name != "deepgaze1":
        raise ConfigError(f"train.lbfgs fits deepgaze1, not {model.name}; leave it out")
    for key in ("iterations", "memory", "cell"):
        if getattr(settings, key) < 1:
            raise ConfigError(f"train.lbfgs.{key} must be at least 1, not "
                              f"{getattr(settings, key)}")
    if settings.sparsity < 0:
        raise ConfigError(f"train.lbfgs.sparsity must not be negative: {settings.sparsity}")
    if training.fixations is None:
        raise ConfigError(f"train.lbfgs needs fixations, {training.name} has densities alone")
    if settings.leave_one_observer_out and (training.fixations.observer < 0).any():
        raise ConfigError(f"train.lbfgs.leave_one_observer_out: {training.name} does not say whose "
                          "its fixations are")
    if config.train.monitor not in ("loss", *GAINS):
        raise ConfigError(f"train.monitor {config.train.monitor!r}; with train.lbfgs choose from "
                          f"loss, {', '.join(GAINS)}")


def fit(run, save, log) -> bool:
    """Fit `run.model` from where `run.rows` ends.

    Writes history.csv, units.csv, patches.csv and observers.csv to the run's folder.

    Args:
        run: `Run`. save: called with (file name, rows), writes the weights of `run.model`.

    Returns:
        False if it was interrupted (Ctrl-C), after the weights so far were saved.
    """
    settings, canvas, model = run.config.train.lbfgs, run.spec.canvas, run.model
    center = center_bias(run.training)
    responses = density_fit.collect(model, run.training, canvas, label="responses (training)")
    deviations = responses.deviations()
    training = density_fit.Likelihood(responses, deviations, run.training, canvas, center,
                                      settings.cell)
    validation = density_fit.Likelihood(
        density_fit.collect(model, run.validation, canvas, label="responses (validation)"),
        deviations, run.validation, canvas, center, settings.cell)
    counts = [(part, part.counts(dataset.fixations))
              for part, dataset in ((training, run.training), (validation, run.validation))]
    done = len(run.rows)
    bar = tqdm(total=settings.iterations, initial=done, desc="L-BFGS", unit="iteration")

    def after_step(parameters, objective):
        gains = [_gain(part, count, parameters) for part, count in counts]
        run.rows.append({"epoch": len(run.rows) + 1, "loss": objective,
                         **dict(zip(GAINS, gains))})
        write_csv(run.folder / "history.csv", list(run.rows[0]),
                  [list(row.values()) for row in run.rows])
        density_fit.write_parameters(model, parameters, deviations, center)
        if best_row(run.rows, run.config.train.monitor) == len(run.rows) - 1:
            save("best.h5", run.rows)
        if len(run.rows) % SAVE_EVERY == 0:
            save("last.h5", run.rows)
        bar.set_postfix_str(f"loss {objective:.4f}, information gain {gains[0]:.3f} bits, "
                            f"validation {gains[1]:.3f}", refresh=False)
        bar.update()

    left = settings.iterations - done
    try:
        with bar:
            density_fit.minimize(training, run.training.fixations,
                                 density_fit.read_parameters(model), settings, left, after_step)
    except KeyboardInterrupt:
        save("last.h5", run.rows)
        log(f"\ninterrupted after {len(run.rows)} iterations; continue with --resume")
        return False
    save("last.h5", run.rows)
    log(f"L-BFGS ended after {len(run.rows)} iterations")
    best = density_fit.stored_parameters(run.folder / "best.h5", model)
    write_units(run.folder, model, best, responses, run.training)
    if settings.leave_one_observer_out:
        leave_one_observer_out(run.folder, counts, run, best, settings)
    return True


def _gain(likelihood, counts, parameters) -> float:
    """Bits per fixation over the center_bias."""
    bits, fixations = likelihood.over_center_bias(counts, parameters)
    return float(bits.sum() / fixations.sum())


def write_units(folder: Path, model, parameters, responses, dataset) -> None:
    """units.csv: every unit by the size of its weight; patches.csv: where the first ten respond
    most (least, for a negative weight), one place in a stimulus."""
    names = [(layer, unit) for layer, maps in responses.maps.items()
             for unit in range(maps.shape[-1])]
    share = np.abs(parameters.weights) / max(np.abs(parameters.weights).max(), 1e-30)
    order = np.argsort(-share, kind="stable")
    write_csv(folder / "units.csv", ("rank", "layer", "unit", "weight", "share_of_largest"),
              [(rank, *names[k], f"{parameters.weights[k]:.6g}", f"{share[k]:.4f}")
               for rank, k in enumerate(order, start=1)])
    rows = []
    for rank, k in enumerate(order[:UNITS], start=1):
        layer, unit = names[k]
        maps = responses.maps[layer][..., unit].astype(np.float32)
        signed = (maps if parameters.weights[k] >= 0 else -maps).reshape(len(maps), -1)
        for place, index in enumerate(np.argsort(-signed.max(axis=1), kind="stable")[:PATCHES],
                                      start=1):
            row, column = divmod(int(signed[index].argmax()), maps.shape[2])
            rows.append((rank, layer, unit, place, dataset.names[index], row, column,
                         f"{maps[index, row, column]:.6g}"))
    write_csv(folder / "patches.csv", ("rank", "layer", "unit", "place", "stimulus", "row",
                                       "column", "response"), rows)


def leave_one_observer_out(folder: Path, counts, run, start, settings) -> None:
    """observers.csv: each observer's fixations predicted by a fit to those of all others.

    Every fit begins at the one to all observers. Stimuli weigh by the observer's fixations.
    """
    observers, rows = run.training.fixations.observer, []
    (training, _), (validation, _) = counts
    for observer in tqdm(np.unique(observers), desc="leaving one observer out", unit="observer"):
        others = run.training.fixations.where(observers != observer)
        fitted, _ = density_fit.minimize(training, others, start, settings, settings.iterations)
        held_out = (part.counts(dataset.fixations.where(dataset.fixations.observer == observer))
                    for part, dataset in ((training, run.training),
                                          (validation, run.validation)))
        rows.append((int(observer), *(f"{_gain(part, count, fitted):.4f}" for part, count in
                                      zip((training, validation), held_out))))
    write_csv(folder / "observers.csv", ("observer", *GAINS), rows)
