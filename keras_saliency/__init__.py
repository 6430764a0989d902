"""Visual saliency networks in TensorFlow/Keras: train, evaluate, explain, serve."""
import os

__version__ = "0.1.0"

# Read once, when TensorFlow loads. The user's own setting wins.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from keras_saliency import analysis, datasets, export, losses, metrics  # noqa: E402
from keras_saliency.engines import accelerate  # noqa: E402
from keras_saliency.models import build_model, list_models, load_pretrained  # noqa: E402
from keras_saliency.prediction.forward import predict  # noqa: E402
from keras_saliency.training.calibration import calibrate  # noqa: E402

__all__ = ["accelerate", "analysis", "build_model", "calibrate", "datasets", "export",
           "list_models", "load_pretrained", "losses", "metrics", "predict"]
