"""What a calibration on few stimuli gains on others: bits per fixation by the number of stimuli."""
import numpy as np
from tqdm import tqdm

from keras_saliency.config import Config
from keras_saliency.datasets.loading import load_part
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.files import write_csv
from keras_saliency.models import load_pretrained
from keras_saliency.prediction.forward import canvas_of
from keras_saliency.reproduce.spec import ResultSpec
from keras_saliency.training import calibration_likelihood as likelihood
from keras_saliency.training.calibration import ROWS, looked_at, score

STIMULI, DRAWS = (10, 25, 50, 100), 3
HEADER = ("weights", "stimuli", "draw", *(
    f"{row.replace(' ', '_')}{bound}" for row in ROWS for bound in ("", "_low", "_high")))


def run(config: Config, weights=("msi_net",), stimuli=STIMULI, draws=DRAWS, log=print) -> list:
    """Calibrate networks on draws of the training stimuli, score them on the validation stimuli.

    Draw k takes the first of a permutation with seed k, so that larger ones hold the smaller. The
    center bias is that of the stimuli drawn.

    Args:
        weights: networks that `load_pretrained` takes. stimuli: numbers to calibrate on.

    Returns:
        Rows as `HEADER`: mean bits per fixation over a uniform density, with its 95 % bootstrap
        interval over the validation stimuli; also written to `calibration.csv` in the config's
        folder.
    """
    training, validation = (looked_at(load_part(config.data, part))
                            for part in ("training", "validation"))
    orders = [np.random.RandomState(k).permutation(len(training)) for k in range(draws)]
    drawn = np.unique(np.concatenate([order[:max(stimuli)] for order in orders]))
    rows = []
    for name in weights:
        model = load_pretrained(name)
        fitted, scored = (_collect(model, part, config.data.canvas)
                          for part in (training.select(drawn), validation))
        for count in tqdm(stimuli, desc=f"calibrations of {name}", unit="size"):
            for k, order in enumerate(orders):
                found = likelihood.fit(fitted, np.searchsorted(drawn, np.sort(order[:count])))
                bits = score(scored, np.arange(len(validation)), *found)
                columns = zip(bits.mean(axis=0), bootstrap_intervals(bits))
                rows.append((str(name), count, k, *(
                    round(float(value), 4) for mean, interval in columns
                    for value in (mean, *interval))))
    path = config.folder / "calibration.csv"
    write_csv(path, HEADER, rows)
    log(f"{_table(rows, len(validation))}\n\nthe same as numbers: {path}")
    return rows


def _collect(model, dataset, canvas):
    canvas = tuple(canvas or canvas_of(model))
    return likelihood.collect(model, likelihood.network_maps(model, dataset, canvas), dataset,
                              canvas)


def _table(rows, count) -> str:
    """Means over the draws, and their range where there are several."""
    lines = [f"bits per fixation over uniform on {count} validation stimuli, mean of the draws "
             "(lowest to highest)", "", f"| weights | stimuli | {' | '.join(ROWS)} |",
             "| --- | ---: | --- | --- | --- |"]
    for name, stimuli in dict.fromkeys(row[:2] for row in rows):
        values = np.array([row[3::3] for row in rows if row[:2] == (name, stimuli)])
        cells = (f"{v.mean():.3f} ({v.min():.3f} to {v.max():.3f})" for v in values.T)
        lines.append(f"| `{name}` | {stimuli} | {' | '.join(cells)} |")
    return "\n".join(lines)


SPEC = ResultSpec(
    run, "Bits per fixation of networks (--weights, default msi_net) that are calibrated on 10, "
    "25, 50 and 100 training stimuli.", "msi_net_mit1003.yaml", ("weights",))
