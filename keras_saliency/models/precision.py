"""Networks that compute in bfloat16 where that is fast, and in float32 where it matters.

bfloat16 has the range of float32 and 8 bits of precision; processors with AVX512-BF16, AMX or an
equivalent multiply it twice as fast or better. Weights stay float32 and are rounded as they are
used. Layers of a single map (readouts, normalisation, densities) stay float32, as do losses.
"""
from pathlib import Path
from typing import Callable, Optional

import keras
import tensorflow as tf

from keras_saliency.config.sections import PRECISIONS
from keras_saliency.files import require

FLOAT32, BFLOAT16 = "float32", "bfloat16"
# Kinds of layers that compute in bfloat16, in any network.
KINDS = ("Conv2D", "DilatedConv2D", "GroupedConv2D", "Conv2DTranspose", "Activation", "Add",
         "AveragePooling2D", "MaxPooling2D", "CeilMaxPooling", "Concatenate",
         "NearestUpsample", "BroadcastTo")
CPU_FLAGS = {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"}  # the last is ARM's


def native_bfloat16() -> bool:
    """Return True if the GPU, or without one the processor, multiplies bfloat16 fast."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
        return capability is not None and capability >= (8, 0)
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False  # not Linux
    return any(CPU_FLAGS & set(line.split()) for line in text.splitlines()
               if line.startswith(("flags", "Features")))


def choose_precision(wanted: str, log: Callable = print, native: Optional[Callable] = None) -> str:
    """Return "float32" or "bfloat16" for `wanted` of `PRECISIONS`.

    "auto" is bfloat16 where the machine has it by the test `native`, default `native_bfloat16`.
    `log` is called if bfloat16 was wanted and the machine does not have it.
    """
    require(wanted in PRECISIONS, f"precision {wanted!r}; choose {', '.join(PRECISIONS)}")
    if wanted != FLOAT32 and (native or native_bfloat16)():
        return BFLOAT16
    if wanted == BFLOAT16:
        log("this processor has no bfloat16: computing in float32")
    return FLOAT32


def at_precision(model: keras.Model, precision: str) -> keras.Model:
    """Return a functional model for "float32", for "bfloat16" a copy that computes in it."""
    if precision == FLOAT32:
        return model

    def clone(layer):
        config = layer.get_config()
        if type(layer).__name__ in KINDS and layer.output.shape[-1] != 1:
            config["dtype"] = "mixed_bfloat16"
        return type(layer).from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    for layer in copy.layers:
        layer.trainable = model.get_layer(layer.name).trainable
    return copy
