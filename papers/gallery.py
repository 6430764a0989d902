"""Maps of models side by side with the center bias.

MSI-Net's Figure 1 and EAD's Figure 4; with --pictures the picture at the top of the README.
"""
from keras_saliency import metrics
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.scoring import density_of
from keras_saliency.evaluation.sources import predictions
from keras_saliency.prediction.pictures import find_pictures, read_picture
from keras_saliency.prediction.predictor import predict, predictor
from keras_saliency.report import plots
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict

TITLE = "What models predict"
ABOUT = (
    "Validation stimuli of OSIE with the densities of their fixations (16 pixels), the maps of "
    "`--weights` (by default `msi_net`, `ead` and `itti`) and the center bias; `--pictures` shows "
    "pictures of your own. The picture holds stimuli and is not committed.")
KEYS = ("model",)
DATA = ("osie",)
OPTIONS = ("weights", "pictures")

MODELS, QUICK_MODELS = ("msi_net", "ead", "itti"), ("itti", "bms")
STIMULI = 8


def parts(setting) -> list:
    return [(str(name),) for name in setting.weights or (
        QUICK_MODELS if setting.quick else MODELS)]


def measure(setting, model) -> list:
    """Return the NSS of a model on each of the stimuli shown."""
    _, dataset, _ = load_data(setting.data("osie"))
    shown = dataset.select(dataset.spread(STIMULI))
    return [{"stimulus": name, "nss": metrics.nss(made, shown.fixations.fixation_map(index))}
            for index, (name, made) in enumerate(zip(
                shown.names, predictions(predictor(model), shown)))]


def tables(rows) -> list:
    models = groups(rows, "model")
    body = [[stimulus, *(number(row["nss"], 2) for row in some)]
            for stimulus, some in groups(rows, "stimulus").items()]
    return [Table("NSS on the stimuli of the picture, spread over the validation set:",
                  ["stimulus", *(f"`{name}`" for name in models)], body)]


def verdict(rows) -> Verdict:
    nss = {name: column(some, "nss") for name, some in groups(rows, "model").items()}
    if not {"msi_net", "itti"} <= set(nss):
        return Verdict(None, f"pictures of {', '.join(nss)}")
    better = int((nss["msi_net"] > nss["itti"]).sum())
    return Verdict(better == len(nss["itti"]),
                   "the network finds faces, text and objects where Itti's model finds contrasts: "
                   f"its NSS is higher on {better} of the {len(nss['itti'])} stimuli shown")


def show(setting, rows) -> list:
    """Draw stimuli or `setting.pictures`, densities, every model's map and the center bias."""
    training, dataset, spec = load_data(setting.data("osie"))
    models = {name: predictor(name) for name in groups(rows, "model")}
    bias = center_bias(training)
    if setting.pictures is None:
        load = pipeline.stimulus_loader(dataset)
        examples = [((load(index).numpy(), density_of(dataset, index, spec.sigma)),
                     dataset.names[index]) for index in dataset.spread(STIMULI)]
        titles = ("stimulus", "fixation density", *models, "center bias")
    else:
        examples = [((read_picture(path),), path.stem)
                    for path in find_pictures(setting.pictures)]
        titles = ("picture", *models, "center bias")
    strip = [(*shown, *(predict(model, shown[0]) for model in models.values()),
              bias.predict(shown[0].shape[:2]).saliency_map, label.replace("_", " "))
             for shown, label in examples]
    path = setting.scratch / "gallery.png"
    plots.sample_strip(strip, path, titles)
    return [path]
