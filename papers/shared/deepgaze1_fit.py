"""The parts that the results of DeepGaze I share: data, the fit, fits to subsets of layers."""
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import yaml
from tqdm import tqdm

from keras_saliency import config as configs
from keras_saliency import metrics
from keras_saliency.datasets.loading import load_data
from keras_saliency.models import (
    build_model,
    find_weights,
    list_models,
    weights_file,
)
from keras_saliency.prediction.predictor import predictor
from papers.making.setting import QUICK_SIZE
from papers.shared import deepgaze1_responses, trained
from papers.shared.deepgaze1_subsets import SubsetStudy
from papers.shared.explained import Bounds, bounds

RECIPE = "deepgaze1_mit1003.yaml"
SIZE = (768, 1024)  # the most common one of MIT1003, the paper's section 1.1
FIT = "deepgaze1"  # name of the shared fit and of its network
NETWORKS, QUICK_MODELS = ("msi_net", "ead"), ("center_bias", "itti")
FINE = 0.001       # threshold step of auc_shuffled_fine, as a share of the map's range
# Fits to subsets of layers: canvas, cells of a response, training stimuli, L-BFGS settings
SUBSET_CANVAS, CELLS, SUBSET_STIMULI = (384, 512), (24, 32), 200
SUBSET_FIT = {"iterations": 30, "cell": 16, "leave_one_observer_out": False}
ABOUT = (
    "DeepGaze I is the fit of `configs/deepgaze1_mit1003.yaml`, made once for all results of it: "
    "VGG16's block 5 in place of AlexNet's conv5, whose weights cannot be had, 363 stimuli of "
    "MIT1003 of 1024x768 for the fit and 100 others, which choose its iteration, for the scores "
    "(the paper: 463 of them)")
SUBSETS_ABOUT = (
    "VGG16 in place of AlexNet, whose weights cannot be had. 200 stimuli of MIT1003 of 1024x768 "
    "train, 100 others are the test (the paper: 463, and 540 of other sizes). The network sees "
    "them at a quarter of their size (the paper: at half), and responses of more than 24x32 cells "
    "are averaged down to that. L-BFGS takes 30 iterations, none of which is chosen by the test "
    "stimuli. Three of the 15 observers are left out of every fit (the paper leaves out each in "
    "turn). Shuffled AUC is of the log-density under a uniform prior, on 100 stimuli.")


def section(setting, canvas=SIZE, train=363) -> dict:
    """Return the section `data` of the recipe: the stimuli of `SIZE`."""
    found = setting.section("mit1003", upright=False, options={"stimulus_size": list(SIZE)},
                            canvas=list(canvas), train=train, validation=100)
    if setting.quick:  # its cells must fill the canvas
        found["canvas"] = list(QUICK_SIZE)
    return {**found, "center_bias": "histogram"}


def shared(setting):
    """Return `setting` with the scratch folder that all results of DeepGaze I share."""
    return replace(setting, scratch=setting.scratch.parent / "deepgaze1")


def data(setting) -> tuple:
    """Return (training, validation, spec) of the recipe's stimuli."""
    return load_data(configs.from_dict({"data": section(setting)}).data)


def limits(setting) -> Bounds:
    """Return the bounds on the validation stimuli, fitted once in a process."""
    return _limits(yaml.safe_dump(section(setting)))


@lru_cache(maxsize=1)
def _limits(text) -> Bounds:
    training, validation, _ = load_data(configs.from_dict({"data": yaml.safe_load(text)}).data)
    return bounds(training, validation)


def fit(setting):
    """Return the `Run` of the recipe, trained by the first result that needs it."""
    setting = shared(setting)
    return trained.train(setting.config(RECIPE, "fit", section(setting)), setting.log)


def measure_subset(setting, subset, sparsity=None) -> dict:
    """Fit to a `layer_subset` and return its row; sparsity: lambda, by default the recipe's."""
    setting = shared(setting)
    recipe = configs.load(setting.recipes / RECIPE).train.lbfgs
    config = setting.config(
        RECIPE, "subsets", section(setting, SUBSET_CANVAS, SUBSET_STIMULI),
        train={"lbfgs": {**vars(recipe), **SUBSET_FIT}},
        model={"options": {"backbone": "vgg16", "layer_subset": {"from": 1, "to": 5}}})
    study = _study(yaml.safe_dump(configs.to_dict(config)), str(setting.scratch / "responses"))
    settings = config.train.lbfgs
    study.settings = settings if sparsity is None else replace(settings, sparsity=sparsity)
    return study.measure(subset)


@lru_cache(maxsize=1)
def _study(text, folder) -> SubsetStudy:
    """Return the study of a config given as text; `folder` keeps its responses."""
    config = configs.from_dict(yaml.safe_load(text))
    training, validation, spec = load_data(config.data)
    model = build_model("deepgaze1", encoder_weights=config.model.encoder_weights,
                        **config.model.options)
    responses = [deepgaze1_responses.stored(model, part, spec.canvas, CELLS, folder)
                 for part in (training, validation)]
    return SubsetStudy(responses, training, validation, spec.canvas, config.train.lbfgs,
                       config.data.center_bias)


def model_names(setting) -> list:
    """Return the models to compare: DeepGaze I, those of --weights, classical ones, `NETWORKS`.

    A DeepGaze I among --weights replaces the shared fit, `FIT`.
    """
    given = [str(weights) for weights in setting.weights]
    others = QUICK_MODELS if setting.quick else (*list_models(classical=True), *NETWORKS)
    own = [] if any(is_deepgaze1(name) for name in given) else [FIT]
    return [*own, *given, *(name for name in others if name not in given)]


def is_deepgaze1(name) -> bool:
    """Tell whether a name, run or file is a DeepGaze I."""
    return name == FIT or name not in list_models(classical=True) and (
        weights_file.read_attributes(find_weights(name)).get("model") == "deepgaze1")


def load(setting, name):
    """Load one of `model_names` as a `Predictor`."""
    return predictor(fit(setting).model if name == FIT else name)


def folder_of(setting, name) -> Path:
    """Return the run folder of one of `model_names`."""
    return shared(setting).scratch / "fit" if name == FIT else find_weights(name).parent


def aucs(maps, dataset, label=None) -> list:
    """Score a map [H, W] of each stimulus by the AUCs of the MIT benchmark.

    Returns:
        [{"auc_shuffled", "auc_shuffled_fine", "auc_judd"}]; the fine one has a hundred times as
        many thresholds, which peaked densities need.
    """
    found = []
    for index, saliency in enumerate(tqdm(maps, total=len(dataset), desc=label, unit="stimulus")):
        fixated, others = (dataset.fixations.fixation_map(index),
                           dataset.fixations.other_map(index))
        found.append({
            "auc_shuffled": metrics.auc_shuffled(saliency, fixated, others, seed=index),
            "auc_shuffled_fine": metrics.auc_shuffled(saliency, fixated, others, step=FINE,
                                                      seed=index),
            "auc_judd": metrics.auc_judd(saliency, fixated)})
    return found


def saw_the_data(row) -> bool:
    """Tell whether another model was trained on MIT1003, where its split differs from ours."""
    return row["network"] != FIT and "mit1003" in str(row["trained_on"]).lower()
