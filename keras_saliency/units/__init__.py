"""Units of a network: their NSS and NMM, fixation detectors, regions, dissection."""
from keras_saliency.lazy import lazy
from keras_saliency.units.activations import LayerError, activation_model, activations, layer_names
from keras_saliency.units.detectors import detector_units, fixation_detectors
from keras_saliency.units.dissection import dissect, find_thresholds
from keras_saliency.units.regions import category_statistics, score_regions, score_targets
from keras_saliency.units.unit_nss import dead_units, unit_nmm, unit_nss, unit_region_nss
from keras_saliency.units.unit_scores import UnitScores, score_dataset

__all__ = ["LayerError", "UnitScores", "activation_model", "activations", "category_statistics",
           "dead_units", "detector_units", "dissect", "find_thresholds", "fixation_detectors",
           "layer_names", "score_dataset", "score_regions", "score_targets", "unit_nmm",
           "unit_nss", "unit_region_nss"]

# of `keras_saliency.analysis`, which was this package and `areas` in one
__getattr__, __dir__ = lazy(__name__, dict.fromkeys(
    ("AttentionShare", "area_masks", "attention_share"), "keras_saliency.areas"))
