"""What the results of DeepGaze I share: data, the one fit, the fits to subsets of layers."""
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
FIT = "deepgaze1"  # the fit that is made here, and what its network is called
NETWORKS, QUICK_MODELS = ("msi_net", "ead"), ("center_bias", "itti")
FINE = 0.001       # step of the thresholds of auc_shuffled_fine, of a map's range
# Of the fits to subsets of layers: canvas, cells of a response, training stimuli, L-BFGS.
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
    """The section `data` of the recipe: the stimuli of `SIZE`."""
    found = setting.section("mit1003", upright=False, options={"stimulus_size": list(SIZE)},
                            canvas=list(canvas), train=train, validation=100)
    if setting.quick:  # where cells must fill it
        found["canvas"] = list(QUICK_SIZE)
    return {**found, "center_bias": "histogram"}


def shared(setting):
    """`setting` with the folder that all results of DeepGaze I share as its scratch."""
    return replace(setting, scratch=setting.scratch.parent / "deepgaze1")


def data(setting) -> tuple:
    """(training, validation, spec) of the recipe's stimuli."""
    return load_data(configs.from_dict({"data": section(setting)}).data)


def limits(setting) -> Bounds:
    """The center bias and the gold standard on the validation stimuli, fitted once a process."""
    return _limits(yaml.safe_dump(section(setting)))


@lru_cache(maxsize=1)
def _limits(text) -> Bounds:
    training, validation, _ = load_data(configs.from_dict({"data": yaml.safe_load(text)}).data)
    return bounds(training, validation)


def fit(setting):
    """The `Run` of the recipe, made by the first result that needs it."""
    setting = shared(setting)
    return trained.train(setting.config(RECIPE, "fit", section(setting)), setting.log)


def measure_subset(setting, subset, sparsity=None) -> dict:
    """`SubsetStudy.measure` of a `layer_subset`; sparsity: lambda, else the recipe's."""
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
    """Of a config as text; its responses are in `folder`."""
    config = configs.from_dict(yaml.safe_load(text))
    encoder = config.model.encoder_weights
    training, validation, spec = load_data(config.data)
    model = build_model("deepgaze1", encoder_weights=encoder, **config.model.options)
    responses = [deepgaze1_responses.stored(model, encoder, part, spec.canvas, CELLS, folder)
                 for part in (training, validation)]
    return SubsetStudy(responses, training, validation, spec.canvas, config.train.lbfgs,
                       config.data.center_bias)


def model_names(setting) -> list:
    """The models beside each other: DeepGaze I, what --weights names, the classical ones, those of
    `weights/`. `FIT` is the shared fit, which a DeepGaze I of --weights takes the place of."""
    given = [str(weights) for weights in setting.weights]
    others = QUICK_MODELS if setting.quick else (*list_models(classical=True), *NETWORKS)
    own = [] if any(is_deepgaze1(name) for name in given) else [FIT]
    return [*own, *given, *(name for name in others if name not in given)]


def is_deepgaze1(name) -> bool:
    """Whether a model's name, run or file is a DeepGaze I."""
    return name == FIT or name not in list_models(classical=True) and (
        weights_file.read_attributes(find_weights(name)).get("model") == "deepgaze1")


def load(setting, name):
    """What `predict` takes, of one of `model_names`."""
    return fit(setting).model if name == FIT else predictor(name)


def folder_of(setting, name) -> Path:
    """The folder of a run among `model_names`."""
    return shared(setting).scratch / "fit" if name == FIT else find_weights(name).parent


def aucs(maps, dataset, label=None) -> list:
    """[{"auc_shuffled", "auc_shuffled_fine", "auc_judd"}] of a map [H, W] of each stimulus: the MIT
    benchmark's two, and shuffled AUC with a hundred times its thresholds, which peaked densities
    need."""
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
    """Whether a model other than DeepGaze I was trained on MIT1003, by another division of it."""
    return row["network"] != FIT and "mit1003" in str(row["trained_on"]).lower()
