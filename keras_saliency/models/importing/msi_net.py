"""MSI-Net from the authors' frozen graph, checkpoint or SavedModel.

Names are those of `tf.layers` in github.com/alexanderkroner/saliency, model.py. The SavedModel at
huggingface.co/alexanderkroner/MSI-Net holds them as constants inside a function. Kernels are
[h, w, in, out], in the graphs for GPU as well.
"""
import numpy as np

from keras_saliency.models.importing.encoders import vgg16_convolutions
from keras_saliency.models.importing.entries import Converter, pairs
from keras_saliency.models.weights_file import WeightsError

# names of the authors' files are model_<dataset>_<device>; (h, w) as in their config.py
CANVASES = {"salicon": (240, 320), "osie": (240, 320), "mit1003": (360, 360),
            "dutomron": (360, 360), "pascals": (360, 360), "cat2000": (216, 384),
            "fiwi": (216, 384)}
HEAD = ([(f"aspp_conv1_{n}", f"aspp/conv1_{n}") for n in range(1, 6)]
        + [("aspp_conv2", "aspp/conv2")]
        + [(f"decoder_conv{n}", f"decoder/conv{n}") for n in range(1, 5)])


def _entries(arrays: dict, kind: str) -> list:
    """By name, without leading scopes (`import/`) and the endings that TensorFlow adds."""
    plain = {}
    for key in arrays:
        name = key.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE").removesuffix("/read")
        plain.setdefault(name.split(":")[0], key)
    return [entry for ours, theirs in vgg16_convolutions("conv{0}/conv{0}_{1}") + HEAD
            for entry in pairs(ours, *(_find(plain, arrays, f"{theirs}/{variable}")
                                       for variable in ("kernel", "bias")))]


def _find(plain, arrays, wanted) -> str:
    """Return the key that ends in `wanted`, or `wanted` itself if no key does."""
    keys = [key for name, key in plain.items() if f"/{name}".endswith(f"/{wanted}")]
    if any(not np.array_equal(arrays[keys[0]], arrays[key]) for key in keys[1:]):
        raise WeightsError(f"{' and '.join(keys)} differ: either could be {wanted}")
    return keys[0] if keys else wanted


def _about(path, kind: str, options: dict) -> dict:
    """Take the training data from the file's name."""
    dataset = next((name for name in CANVASES if name in path.name.lower()), "salicon")
    return {"canvas": CANVASES[dataset], "dataset": dataset}


CONVERTER = Converter(("graph", "checkpoint", "saved_model"), _entries, _about)
