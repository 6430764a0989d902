"""Visual saliency networks in TensorFlow/Keras: train, evaluate, explain, serve."""
import os
from typing import TYPE_CHECKING

from keras_saliency.lazy import find_old_names, lazy

__version__ = "0.1.0"

# Read once, when TensorFlow loads. The user's own setting wins.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

if TYPE_CHECKING:  # for editors and type checkers
    from keras_saliency import areas, datasets, export, losses, metrics, units
    from keras_saliency.export.accelerated import accelerate
    from keras_saliency.models import build_model, list_models, load_pretrained, save
    from keras_saliency.models.facts_layer import facts
    from keras_saliency.prediction.exported import load_exported
    from keras_saliency.prediction.predictor import predict, predict_screens, predictor
    from keras_saliency.training.calibration import calibrate

__all__ = ["accelerate", "areas", "build_model", "calibrate", "datasets", "export", "facts",
           "list_models", "load_exported", "load_pretrained", "losses", "metrics", "predict",
           "predict_screens", "predictor", "save", "units"]

__getattr__, __dir__ = lazy(__name__, {
    "accelerate": "keras_saliency.export.accelerated",
    "calibrate": "keras_saliency.training.calibration",
    "facts": "keras_saliency.models.facts_layer",
    "load_exported": "keras_saliency.prediction.exported",
    **dict.fromkeys(("predict", "predict_screens", "predictor"),
                    "keras_saliency.prediction.predictor"),
    **dict.fromkeys(("build_model", "list_models", "load_pretrained", "save"),
                    "keras_saliency.models"),
})

# Modules that moved: for programs, and for pickles, that know them by their names of version 0.1.
find_old_names({
    "keras_saliency.analysis": "keras_saliency.units",
    "keras_saliency.engines": "keras_saliency.export",
    "keras_saliency.engines.accelerated": "keras_saliency.export.accelerated",
    "keras_saliency.engines.exported": "keras_saliency.prediction.exported",
    "keras_saliency.export.serving": "keras_saliency.serving",
})
