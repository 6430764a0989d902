"""Tables and figures of the papers, each made by the module of its name.

Importing this package imports no TensorFlow; the first use of `RESULTS` does.
"""
from keras_saliency.lazy import lazy

# In the order of the page
NAMES = (
    "costs", "architectures",
    "ablations", "ablation_kinds", "ablation_maps", "failures", "gallery",
    "loss_shapes", "ead_losses", "detectors", "patterns", "frequencies",
    "observers", "readouts", "regions", "popout_units", "unit_changes", "popout",
    "salnet", "salnet_deep", "salnet_filters", "salnet_maps", "scenes",
    "deepgaze1_prior", "deepgaze1_explained", "deepgaze1_auc", "deepgaze1_layers",
    "deepgaze1_units", "deepgaze1_sparsity",
    "calibration",
)

__getattr__, __dir__ = lazy(__name__, {"RESULTS": "papers.results"})
