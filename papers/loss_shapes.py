"""Values and gradients of EAD's loss and its rivals (He, Borji, Mi and Pugeault 2018, Figure 2)."""
import numpy as np
import tensorflow as tf

from keras_saliency.losses import LOSSES
from papers.figures.losses import loss_figure
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict

TITLE = "Shapes of pixel-wise losses"
ABOUT = (
    "The package's own losses (`ks.losses`) of a single pixel, with the gradients that training "
    "gets, over a grid of truths and predictions in 0..1; curves are for a truth of 0. As in the "
    "paper cross-entropy is for maps in 0..1, after the sigmoid.")
KEYS = ("loss",)

NAMES = ("l1", "l2", "ead", "bce")
TRUTHS, PREDICTIONS = np.linspace(0, 1, 21), np.linspace(0, 1, 21)
SHOWN = (0.05, 0.25, 0.5, 1.0)  # differences of the table
SMALL, LARGE = 0.25, 0.5        # largest small difference, smallest large one
MAPS = ("ead", "bce")           # Figure 2 b and c


def parts(setting) -> list:
    return [(loss,) for loss in NAMES]


def measure(setting, loss) -> list:
    """Value and gradient of one pixel's loss, for each pair of truth and prediction in 0..1."""
    pairs = [(truth, prediction) for truth in TRUTHS for prediction in PREDICTIONS]
    y_true, y_pred = (tf.constant(np.reshape(side, (-1, 1, 1, 1, 1)), tf.float32)
                      for side in zip(*pairs))
    with tf.GradientTape() as tape:
        tape.watch(y_pred)  # each pair is a batch of one picture of one pixel
        values = tf.vectorized_map(lambda pair: LOSSES[loss].function(*pair), (y_true, y_pred))
    gradients = tape.gradient(values, y_pred)
    return [{"truth": round(float(truth), 6), "prediction": round(float(prediction), 6),
             "value": float(value), "gradient": float(gradient)}
            for (truth, prediction), value, gradient
            in zip(pairs, values.numpy(), gradients.numpy().ravel())]


def tables(rows) -> list:
    curves, body = _curves(rows), []
    for loss in (name for name in NAMES if name != "bce"):
        differences, values, gradients = curves[loss]
        places = [int(np.abs(differences - shown).argmin()) for shown in SHOWN]
        body.append([f"`{loss}`", *(number(values[place]) for place in places),
                     *(number(gradients[place]) for place in places)])
    perfect = {truth: value for truth, value in _perfect(rows, "bce").items()
               if round(10 * truth) == round(10 * truth, 6)}
    return [Table("Loss of a pixel and its gradient, by the difference of prediction and truth:",
                  ["loss", *(f"value at {shown:g}" for shown in SHOWN),
                   *(f"gradient at {shown:g}" for shown in SHOWN)], body),
            Table("Cross-entropy of a perfect prediction:",
                  ["truth", *(f"{truth:g}" for truth in perfect)],
                  [["`bce`", *(number(value) for value in perfect.values())]])]


def verdict(rows) -> Verdict:
    curves = _curves(rows)
    differences, ead, ead_slope = curves["ead"]
    small = (differences > 0) & (differences <= SMALL)
    large = differences >= LARGE
    steeper = bool((ead_slope[small] > curves["l2"][2][small]).all())
    harder = bool((ead[large] > curves["l1"][1][large]).all())
    bce = max(_perfect(rows, "bce").values())
    first = int(np.flatnonzero(small)[0])
    return Verdict(steeper and harder and bce > 0.01, (
        "EAD has more gradient than L2 at small differences and punishes large ones more than L1, "
        "and cross-entropy is not 0 for perfect predictions; ours: gradient "
        f"{ead_slope[first]:.2f} against {curves['l2'][2][first]:.2f} at "
        f"{differences[first]:g}, loss {ead[-1]:.2f} against {curves['l1'][1][-1]:.2f} at "
        f"{differences[-1]:g}, cross-entropy of a perfect prediction up to {bce:.2f}"))


def draw(rows, stem) -> None:
    curves, surfaces = _curves(rows), {}
    shown = [name for name in NAMES if name in curves and name != "bce"]
    for loss in MAPS:  # without the predictions whose cross-entropy has no end
        some = groups([row for row in rows if row["loss"] == loss
                       and 0 < row["prediction"] < 1], "truth")
        surfaces[loss] = (list(some), column(next(iter(some.values())), "prediction"),
                          np.stack([column(line, "value") for line in some.values()]))
    loss_figure({name: curves[name][:2] for name in shown},
                {name: [values[1:] for values in curves[name][::2]] for name in shown},
                surfaces, stem)  # at a difference of 0 the gradient of l1 and ead jumps


def _curves(rows) -> dict:
    """Return {loss: (differences, values, gradients)} for a truth of 0."""
    found = groups([row for row in rows if row["truth"] == 0], "loss")
    return {loss: tuple(column(some, name) for name in ("prediction", "value", "gradient"))
            for loss, some in found.items()}


def _perfect(rows, loss) -> dict:
    """Return {truth: loss of a prediction that equals it}."""
    return {row["truth"]: row["value"] for row in rows
            if row["loss"] == loss and row["truth"] == row["prediction"]}
