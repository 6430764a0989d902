"""Weights that the authors of saliency models published, as our own weights files.

    convert("salgan", "gen_modelWeights0090.npz", "salgan.h5")
    keras_saliency.load_pretrained("salgan.h5")

Read the file (`formats`: one reader per kind of file) -> name its arrays (one module per model: its
`FORMATS`, `entries` and `about`, and where need be `infer`, `build`, `REMEDY`) -> check every shape
(`entries.assemble`) -> write HDF5. No code that a file names is run: pickles are refused.
"""
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_saliency.files import sha256
from keras_saliency.models import build_model, weights_file
from keras_saliency.models.importing import (
    alexnet,
    formats,
    msi_net,
    opensalicon,
    salgan,
    salnet_deep,
    salnet_shallow,
    vgg16,
    vgg16_hybrid,
)
from keras_saliency.models.importing.entries import assemble
from keras_saliency.models.weights_file import WeightsError

CONVERTERS = {
    "alexnet": alexnet,  # an encoder, for encoder_weights
    "msi_net": msi_net,
    "opensalicon": opensalicon,
    "salgan": salgan,
    "salnet_deep": salnet_deep,
    "salnet_shallow": salnet_shallow,
    "vgg16": vgg16,  # an encoder, for encoder_weights
    "vgg16_hybrid": vgg16_hybrid,  # the same of ImageNet and Places2
}

REMEDY = "weights/README.md says where the authors published it"


class Converted(NamedTuple):
    """What `convert` wrote; sha256 is that of the author's file (of all its parts in turn)."""

    path: Path
    kind: str
    layers: int
    parameters: int
    sha256: str


def convert(name: str, source, out, dtype="float32", /, **options) -> Converted:
    """Write the weights of an author's file as HDF5 for `load_pretrained` or `encoder_weights`.

    Args:
        name: key of `CONVERTERS`. source: file, SavedModel folder or checkpoint (its `.index`).
        out: target, `*.h5`; appears whole or not at all. dtype: "float32" or "float16" on disk.
        **options: of the model's builder; what the file tells (`filters`) is inferred.

    Raises:
        WeightsError: an unknown name; a file that cannot be read, is of another kind, or does not
            fit (names the first key, its shape and the one that is needed).
        InputError: an option that the builder does not have.
    """
    if name not in CONVERTERS:
        raise WeightsError(f"no converter for {name!r}; there are {', '.join(CONVERTERS)}")
    converter, source = CONVERTERS[name], Path(source).expanduser()
    kind = formats.detect(source)
    if kind not in converter.FORMATS:
        wanted = " or ".join(formats.called(k) for k in converter.FORMATS)
        raise WeightsError(f"{source} is a {formats.called(kind)}; {name} is read from a {wanted}. "
                           f"{getattr(converter, 'REMEDY', REMEDY)}")
    arrays = formats.read(source, kind)
    with formats.readable(source, kind):
        if hasattr(converter, "infer"):
            options = {**converter.infer(arrays, **options), **options}
        entries = converter.entries(arrays, kind)
    build = getattr(converter, "build", partial(build_model, name))
    model = build(**options)
    weights = assemble(entries, arrays, model, source)
    _check_range(weights, dtype, source)
    encoder = hasattr(converter, "build")
    attributes = {**({} if encoder else {"model": name, "options": options}),
                  **converter.about(source, kind, options), "source_file": source.name}
    if "dataset" in attributes:
        attributes["training_data"] = attributes["dataset"]
    digest = sha256(*formats.parts(source, kind))
    path = weights_file.write(weights, out, {**attributes, "source_sha256": digest}, dtype)
    return Converted(path, formats.called(kind), len(weights), model.count_params(), digest)


def _check_range(weights, dtype, source) -> None:
    largest = np.finfo(dtype).max
    for layer, variables in weights.items():
        if any(np.abs(array).max() > largest for array in variables.values()):
            raise WeightsError(f"{source}: {layer} has weights beyond {dtype}; write float32")
