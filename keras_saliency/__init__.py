"""Visual saliency networks in TensorFlow/Keras: train, evaluate, explain, serve."""
import os

# Read once, when TensorFlow loads. The user's own setting wins.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

__version__ = "0.1.0"
