"""Loss of the first iterations of SalNet's deep network (Pan et al. 2016, section 4.2)."""
import keras
import numpy as np

from keras_saliency import metrics
from keras_saliency.datasets.loading import load_data, training_shares
from keras_saliency.datasets.orders import steps_per_epoch
from keras_saliency.models import build_model, weights_file
from papers.figures.step_losses import step_loss_figure
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import trained
from papers.shared.scored import evaluation_of

TITLE = "SalNet's deep network learns"
ABOUT = (
    "500 iterations of 2 stimuli of OSIE with the paper's recipe (half the squared error, plain "
    "SGD, halved every 100 iterations) at 180x240, the largest of its shape that two cores do in "
    "less than 25 minutes (in bfloat16 where the processor has it), at the paper's rate of 0.01 "
    "over the pixels of a map and at a twentieth of it; the paper has 24,000 iterations at "
    "240x320 on SALICON. The last layer starts as bilinear interpolation (from a random one the "
    "mean of the maps is not learned in that time), the others at random, where the paper takes "
    "the first three from VGG_CNN_M, whose weights are not at hand; 20 of the validation stimuli "
    "are watched, all 200 are scored at the end.")
KEYS = ("dataset", "rate_over_pixels")
DATA = ("osie",)
RECIPE = "salnet_deep_salicon.yaml"

# Rates over the pixels of a map: the paper's, and one at which a random start learns
PAPER_RATE, OUR_RATE = numbers("salnet", "salnet_deep")["rate"], 0.0005
CANVAS = (180, 240)
SHARE, EPOCHS = 0.1, 20  # 25 iterations of 2 in each of 20 rounds: 500
WATCHED = 20             # validation stimuli whose loss is watched
METRICS = {name: metrics.METRICS[name].label for name in ("cc", "auc_shuffled", "auc_borji")}
# Deep network, Table 5
PAPER = {where: deep for where, (_, deep) in numbers("salnet", "salnet")["both"].items()}


def parts(setting) -> list:
    return [("osie", rate) for rate in (OUR_RATE, PAPER_RATE)]


def measure(setting, dataset, rate_over_pixels) -> list:
    """Train and return a row for each round: iterations so far, rate, mean loss of a pixel.

    The loss is that in training and on the stimuli watched. The last row adds the scores on all
    validation stimuli. A training that diverges has one row, marked as such.
    """
    config = training_config(setting, dataset, rate_over_pixels)
    try:
        run = trained.train(config, setting.log)
    except FloatingPointError as error:
        setting.log(str(error))
        return [{"diverged": "yes", "iteration": "", "loss": "", "val_loss": "", "rate": ""}]
    settings, (height, width), rows = config.train, run.section.spec.canvas, []
    steps = steps_per_epoch(training_shares(run.sections), settings.batch)
    for history in run.rows:
        done = steps * int(history["epoch"])
        rows.append({"diverged": "no", "iteration": done,
                     "loss": history["loss"] / (height * width),
                     "val_loss": history["val_loss"] / (height * width),
                     "rate": settings.learning_rate * settings.decay ** (
                         (done - 1) // settings.decay_every)})
    _, stimuli, spec = load_data(setting.data(dataset))
    scores = evaluation_of(run.model, stimuli, spec.sigma, list(METRICS), label=dataset).means()
    rows[-1].update(scores, stimuli=len(stimuli))
    return rows


def training_config(setting, dataset, rate_over_pixels):
    """Return the config of a training, whose run is named `<dataset>_<rate>`."""
    canvas = setting.section(dataset).get("canvas", CANVAS)
    data = {**setting.section(dataset), "canvas": list(canvas), "upright": False,
            "weight": 0.8 if setting.quick else SHARE}
    if not setting.quick:
        data.update(train=500, validation=WATCHED)
    config = setting.config(
        RECIPE, f"{dataset}_{rate_over_pixels}", data,
        train={"epochs": EPOCHS, "precision": "auto",
               "learning_rate": rate_over_pixels / (canvas[0] * canvas[1])},
        evaluation={"metrics": list(METRICS), "every": ["cc"]})
    if setting.quick:
        config.train.epochs = 2  # of two iterations
    config.model.weights = str(_start(setting, config))
    return config


def _start(setting, config):
    """Write the start of all trainings: random layers below a bilinear enlargement."""
    path, options = setting.scratch / f"start_{config.train.seed}.h5", config.model.options
    if not path.is_file():
        setting.scratch.mkdir(parents=True, exist_ok=True)
        keras.utils.set_random_seed(config.train.seed)
        model = build_model("salnet_deep", **options)
        start_bilinear(model)
        weights_file.save(model, path, attributes={"model": model.name, "options": options})
    return path


def start_bilinear(model) -> None:
    """Set `deconv1` of a new network to bilinear interpolation, as Caffe's bilinear filler does.

    The values of a random kernel nearly cancel: the loss did not fall in 70 iterations.
    """
    tent = 1 - np.abs(np.arange(8) - 3.5) / 4
    model.get_layer("deconv1").set_weights([np.outer(tent, tent)[..., np.newaxis, np.newaxis]])


def tables(rows) -> list:
    found = groups(rows, "rate_over_pixels")
    shown = [[rate, row["iteration"], f"{row['rate']:.1e}", number(row["loss"], 4),
              number(row["val_loss"], 4)] if row["diverged"] == "no" else
             [rate, "diverged", "", "", ""]
             for rate, some in found.items() for place, row in enumerate(some)
             if place in (0, len(some) - 1) or not row["iteration"] % 100]
    scored = [[f"ours, {rate}", *(number(some[-1][name], 2) for name in METRICS)]
              for rate, some in found.items() if some[-1]["diverged"] == "no"]
    return [
        Table("Half the squared error of a pixel (targets in -1..1), mean over the last round in "
              "training and over the stimuli watched:",
              ["rate over the pixels", "iteration", "learning rate", "training", "validation"],
              shown),
        Table("Scores on the validation stimuli of OSIE, and the paper's after 24,000 iterations "
              "(Table 5):", ["", *METRICS.values()],
              scored + [[f"the paper on {where}", *(f"{value:.2f}" for value in values)]
                        for where, values in PAPER.items()])]


def verdict(rows) -> Verdict:
    found = {rate: _falls(some) for rate, some in groups(rows, "rate_over_pixels").items()}
    texts = [f"at {rate} {text}" for rate, (_, text) in sorted(found.items())]
    return Verdict(found[PAPER_RATE][0], f"the network learns at a rate of {PAPER_RATE} over the "
                   f"pixels of a map; ours, all layers from a random start: {'; '.join(texts)}")


def _falls(rows) -> tuple:
    """Return (True if the loss falls in training and on other stimuli, its course in words)."""
    if rows[-1]["diverged"] == "yes":
        return False, "it diverges in the first iterations"
    loss, watched = column(rows, "loss"), column(rows, "val_loss")
    holds = len(rows) > 1 and loss[-1] < loss[0] and watched[-1] < watched[0]
    return bool(holds), (f"the loss of a pixel goes from {loss[0]:.4f} to {loss[-1]:.4f} in "
                         f"{rows[-1]['iteration']} iterations, on other stimuli from "
                         f"{watched[0]:.4f} to {watched[-1]:.4f}, CC {number(rows[-1]['cc'])}")


def draw(rows, stem) -> None:
    found = {rate: some for rate, some in groups(rows, "rate_over_pixels").items()
             if some[-1]["diverged"] == "no"} or {OUR_RATE: []}
    longest = max(found.values(), key=len)
    curves = {f"{name}, rate {rate} over the pixels": column(some, key)
              for rate, some in found.items() if len(some) == len(longest)
              for name, key in (("training", "loss"), ("validation", "val_loss"))}
    step_loss_figure(column(longest, "iteration"), curves, "SalNet's deep network",
                     "half the squared error of a pixel", stem)
