"""What units respond to: NSS and NMM of single units, detectors, regions, dissection; and what
share of attention areas of a picture get."""
from keras_saliency.analysis.activations import (
    LayerError,
    activation_model,
    activations,
    layer_names,
)
from keras_saliency.analysis.area_masks import area_masks
from keras_saliency.analysis.attention_share import AttentionShare, attention_share
from keras_saliency.analysis.detectors import detector_units, fixation_detectors
from keras_saliency.analysis.dissection import dissect, find_thresholds
from keras_saliency.analysis.popout import score_targets
from keras_saliency.analysis.regions import category_statistics, score_regions
from keras_saliency.analysis.unit_nss import dead_units, unit_nmm, unit_nss, unit_region_nss
from keras_saliency.analysis.unit_scores import UnitScores, score_dataset

__all__ = ["AttentionShare", "LayerError", "UnitScores", "activation_model", "activations",
           "area_masks", "attention_share", "category_statistics", "dead_units", "detector_units",
           "dissect", "find_thresholds", "fixation_detectors", "layer_names", "score_dataset",
           "score_regions", "score_targets", "unit_nmm", "unit_nss", "unit_region_nss"]
