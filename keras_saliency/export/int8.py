"""A network in 8-bit integers: what that costs is measured, and the last layers are kept out of it
until it costs little.

Whole numbers of 8 bits take the place of the weights and of the responses between layers; the range
of each response is read off calibration pictures (NNCF, post-training quantization). The layers at
the end are few of the multiplications and much of the error: the lowest value of the map, from
which the min-max starts, is lost first.
"""
import logging
from typing import Any, Callable, Optional, Sequence

import keras
import numpy as np

from keras_saliency import maps
from keras_saliency.export.frozen import quiet
from keras_saliency.export.generated_pictures import generate
from keras_saliency.files import InputError, require
from keras_saliency.maps.images import check_image
from keras_saliency.metrics import cc, kld
from keras_saliency.models import facts_of
from keras_saliency.prediction import runtimes

GENERATED = 40   # pictures, where none are given
FEWEST = 4
LIMITS = {"nss": 0.01, "cc": 0.002, "kld": 0.005}
# Last convolutions that are kept out, tried one after the other until the losses are within LIMITS.
KEPT = (1, 4, 8)


def quantize(model: keras.Model, converted: Any, pictures: Optional[Sequence] = None,
             log: Callable = print) -> tuple:
    """Put as many layers of a network into int8 as `LIMITS` allow.

    Args:
        converted: `model` as an `openvino.Model`.
        pictures: images [H, W, 3] RGB 0..255 of any size, such as it will see, 30 or more; every
            fourth is kept for measuring. Default: generated ones.
        log: called with the loss of each attempt.

    Returns (`openvino.Model`, `losses`).
    """
    nncf = runtimes.import_openvino("nncf")
    facts = facts_of(model)
    canvas, fit = facts.require_canvas(), facts.fit
    if pictures is None:
        pictures = generate(GENERATED, canvas)
    require(len(pictures) >= FEWEST, f"{len(pictures)} pictures to calibrate int8 with; it takes "
            f"at least {FEWEST}, better 30")
    images = [maps.to_canvas(check_image(p), canvas, fit=fit).numpy()[np.newaxis] for p in pictures]
    measured = images[3::4]
    seen = [image for index, image in enumerate(images) if index % 4 != 3]
    expected = [model(image, training=False)[0].numpy() for image in measured]
    # A response beyond its range would be cut: the range is the widest that any picture shows.
    widest = nncf.AdvancedQuantizationParameters(activations_range_estimator_params=(
        nncf.quantization.range_estimator.RangeEstimatorParametersSet.MINMAX))
    for kept in KEPT:
        with quiet("nncf", level=logging.WARNING):
            quantized = nncf.quantize(
                converted.clone(), nncf.Dataset(seen), subset_size=len(seen),
                advanced_parameters=widest,
                ignored_scope=nncf.IgnoredScope(names=from_last(converted, kept), validate=False))
        run = runtimes.run_openvino(quantized, model.name, "int8")
        lost = losses(expected, [run(image)[0] for image in measured])
        log(f"int8 but for the last {kept} convolutions: loss of {say(lost)}")
        if all(lost[name] <= limit for name, limit in LIMITS.items()):
            return quantized, lost
    raise InputError(f"{model.name} in int8 loses more than {say(LIMITS)}; take bfloat16")


def say(lost: dict) -> str:
    """Return losses as one line."""
    return ", ".join(f"{name.upper()} {value:.4f}" for name, value in lost.items())


def losses(expected: Sequence, found: Sequence) -> dict:
    """Return the losses of maps against those in float32, averaged over pictures.

    The maps in float32 are taken for the fixation densities: `nss` is how much less a fixation
    drawn from them scores, `cc` is what is missing to 1, `kld` the divergence in nats. Both
    arguments are maps [h, w, 1] of the same pictures.
    """
    rows = []
    for truth, saliency_map in zip(expected, found):
        low = min(truth.min(), 0)  # of networks whose maps may be negative
        truth, saliency_map = (np.maximum(np.asarray(m, np.float64)[..., 0] - low, 0)
                               for m in (truth, saliency_map))
        density = truth / (truth.sum() or 1.0)
        rows.append((np.sum(density * (_standardized(truth) - _standardized(saliency_map))),
                     1 - cc(saliency_map, density), kld(saliency_map, density)))
    return dict(zip(LIMITS, np.mean(rows, axis=0).tolist()))


def _standardized(values) -> np.ndarray:
    return (values - values.mean()) / (values.std(ddof=1) or 1.0)


def from_last(converted: Any, kept: int) -> list:
    """Return the names of a model's operations from its `kept`-th last convolution on."""
    operations = [(o.get_friendly_name(), o.get_type_name()) for o in converted.get_ordered_ops()
                  if o.get_type_name() not in ("Constant", "Result", "Parameter")]
    convolutions = [i for i, (_, kind) in enumerate(operations) if "Convolution" in kind]
    first = convolutions[-min(kept, len(convolutions))] if convolutions else 0
    return [name for name, _ in operations[first:]]
