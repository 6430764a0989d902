"""Maps of SalNet's two networks (Pan et al. 2016, Figures 1 and 5)."""
from keras_saliency import metrics
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.scoring import density_of
from keras_saliency.models import load_pretrained
from keras_saliency.prediction.predictor import predict
from keras_saliency.report import plots
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.shared.salnet_runs import runs
from papers.shared.studied import short

TITLE = "Maps of SalNet's two networks"
ABOUT = (
    "Maps of the networks of `--weights`, by default the trainings of `salnet` and `salnet_deep`, "
    "on validation stimuli of OSIE (densities at 16 pixels); both had a small part of the paper's "
    "training, the deep one 500 iterations from a random start. The paper says of its examples "
    "from SALICON and iSUN that the shallow network's maps lean to the middle; here that is the "
    "CC with the center bias of the training fixations, and for the shallow network it must be "
    "above a half, too. The picture holds stimuli and is not committed.")
KEYS = ("model",)
DATA = ("osie",)
OPTIONS = ("weights",)

SHALLOW, DEEP = "salnet_shallow", "salnet_deep"
STIMULI, SHOWN = 40, 5


def parts(setting) -> list:
    return [(path,) for path in runs(setting)]


def measure(setting, model) -> list:
    """Return a row for each of 40 validation stimuli of OSIE, spread over all.

    It has the CC of the map with the fixation density and with the center bias of the training
    stimuli.
    """
    network, (training, stimuli, spec) = load_pretrained(model), load_data(setting.data("osie"))
    load, bias = pipeline.stimulus_loader(stimuli), center_bias(training)
    rows = []
    for index in stimuli.spread(STIMULI):
        made = predict(network, load(index).numpy())
        rows.append({"network": network.name, "stimulus": stimuli.names[index],
                     "cc": metrics.cc(made, density_of(stimuli, index, spec.sigma)),
                     "cc_center": metrics.cc(made, bias(stimuli, index).saliency_map)})
    return rows


def tables(rows) -> list:
    return [Table("Means over the stimuli:", ["training", "network", "stimuli",
                                              "CC with the density", "CC with the center bias"],
                  [[f"`{short(model)}`", f"`{some[0]['network']}`", len(some),
                    number(column(some, "cc").mean()), number(column(some, "cc_center").mean())]
                   for model, some in groups(rows, "model").items()])]


def verdict(rows) -> Verdict:
    center = {name: column(some, "cc_center").mean()
              for name, some in groups(rows, "network").items()}
    text = "the shallow network looks at the middle, the deep one less so"
    if not {SHALLOW, DEEP} <= set(center):
        return Verdict(None, f"{text}: maps of {' and '.join(center)} alone are here")
    return Verdict(bool(center[SHALLOW] > max(center[DEEP], 0.5)),
                   f"{text}: CC of their maps with the center bias is {center[SHALLOW]:.3f} and "
                   f"{center[DEEP]:.3f}")


def show(setting, rows) -> list:
    """Draw stimuli, densities and the map of each network."""
    _, stimuli, spec = load_data(setting.data("osie"))
    load = pipeline.stimulus_loader(stimuli)
    networks = {str(model): load_pretrained(str(model)) for model in groups(rows, "model")}
    strip = []
    for index in stimuli.spread(SHOWN):
        image = load(index).numpy()
        strip.append((image, density_of(stimuli, index, spec.sigma),
                      *(predict(network, image) for network in networks.values()),
                      stimuli.names[index]))
    path = setting.scratch / "salnet_maps.png"
    plots.sample_strip(strip, path, ("stimulus", "fixation density", *(
        f"{network.name}, {short(model)}" for model, network in networks.items())))
    return [path]
