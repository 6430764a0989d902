"""Visual saliency networks in TensorFlow/Keras: train, evaluate, explain, serve."""
import os
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

__version__ = "0.1.0"

# Read once, when TensorFlow loads. The user's own setting wins.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

if TYPE_CHECKING:  # what editors see of what comes when it is asked for
    from keras_saliency import analysis, datasets, export, losses, metrics
    from keras_saliency.engines.accelerated import accelerate
    from keras_saliency.engines.exported import load_exported
    from keras_saliency.models import build_model, list_models, load_pretrained
    from keras_saliency.prediction.forward import predict
    from keras_saliency.training.calibration import calibrate

__all__ = ["accelerate", "analysis", "build_model", "calibrate", "datasets", "export",
           "list_models", "load_exported", "load_pretrained", "losses", "metrics", "predict"]

__getattr__, __dir__ = lazy(__name__, {
    "accelerate": "keras_saliency.engines.accelerated",
    "build_model": "keras_saliency.models",
    "calibrate": "keras_saliency.training.calibration",
    "list_models": "keras_saliency.models",
    "load_exported": "keras_saliency.engines.exported",
    "load_pretrained": "keras_saliency.models",
    "predict": "keras_saliency.prediction.forward",
})
