"""Import of the weights that authors of saliency models published, as our own weights files.

    convert("salgan", "gen_modelWeights0090.npz", "salgan.h5")
    keras_saliency.load_pretrained("salgan.h5")

The steps: read the file (`formats`), name its arrays (`converters`, one per model), check every
shape (`assemble`), write HDF5. No code of a file is run: pickles are refused.
"""
from functools import partial
from pathlib import Path
from typing import Any, Iterable, NamedTuple, Union

import keras
import numpy as np
import yaml

from keras_saliency.files import list_some, require, sha256
from keras_saliency.models import MODELS, build_model, weights_file
from keras_saliency.models.building import check_names
from keras_saliency.models.importing import formats
from keras_saliency.models.importing.converters import CONVERTERS
from keras_saliency.models.weights_file import WeightsError

SOURCES = yaml.safe_load(Path(__file__).with_name("sources.yaml").read_text(encoding="utf-8"))
SHOWN = 12  # keys that a message lists
REMEDY = "weights/README.md says where the authors published it"


class Converted(NamedTuple):
    """Result of `convert`; sha256 is that of the author's file (of all its parts in turn)."""

    path: Path
    kind: str
    layers: int
    parameters: int
    sha256: str


def convert(name: str, source: Union[str, Path], out: Union[str, Path], dtype: str = "float32", /,
            **options: Any) -> Converted:
    """Write the weights of an author's file as HDF5 for `load_pretrained` or `encoder_weights`.

    Args:
        name: key of `CONVERTERS`. source: file, SavedModel folder or checkpoint (its `.index`).
        out: target, `*.h5`; appears whole or not at all. dtype: "float32" or "float16" on disk.
        **options: options of the model's builder; `filters` is inferred from the file.

    Raises:
        WeightsError: an unknown name, or a file that is unreadable, of another kind or unfitting.
        InputError: an option that the builder does not have.
    """
    require(name in CONVERTERS, f"no converter for {name!r}; there are {', '.join(CONVERTERS)}",
            WeightsError)
    converter, source = CONVERTERS[name], Path(source).expanduser()
    kind, wanted = formats.detect(source), [formats.NAMES[kind] for kind in converter.formats]
    require(kind in converter.formats, f"{source} is a {formats.NAMES[kind]}; {name} is read from "
            f"a {' or '.join(wanted)}. {SOURCES[name].get('remedy', REMEDY)}", WeightsError)
    arrays = formats.read(source, kind)
    with formats.readable(source, kind):
        if converter.infer:
            options = {**converter.infer(arrays, **options), **options}
        entries = converter.entries(arrays, kind)
    if converter.build:
        check_names(name, converter.build, options)
    model = (converter.build or partial(build_model, name))(**options)
    weights = assemble(entries, arrays, model, source)
    attributes = {**SOURCES[name]["about"], **converter.about(source, kind, options),
                  "source_file": source.name}
    if not converter.build:
        attributes.update(model=name, options=options, training_data=attributes["dataset"],
                          citation=MODELS[name].citation)
    digest = sha256(*formats.parts(source, kind))
    path = weights_file.write(weights, out, {**attributes, "source_sha256": digest}, dtype)
    return Converted(path, formats.NAMES[kind], len(weights), model.count_params(), digest)


def assemble(entries: Iterable, arrays: dict, model: keras.Model, source: Union[str, Path]) -> dict:
    """Return {layer: {variable: float32 array}} for all variables of `model`, from the author's
    arrays by key; `source` is their name in messages."""
    variables = weights_file.layer_variables(model)
    weights = {}
    for layer, variable, key, layout in entries:
        require(key in arrays, f"{source} has no {key!r}, which {model.name} needs for "
                f"{layer}/{variable}; it has {list_some(arrays, SHOWN)}", WeightsError)
        array, needed = arrays[key], tuple(layout.shape(variables[layer][variable].shape))
        require(array.shape == needed, f"{source}: {key} has shape {array.shape}, {model.name} "
                f"needs {needed} for {layer}/{variable}", WeightsError)
        require(array.dtype.kind == "f", f"{source}: {key} holds {array.dtype}, but weights are "
                "float", WeightsError)
        require(np.isfinite(array).all(), f"{source}: {key} has values that are not finite; the "
                "file is damaged: download it again", WeightsError)
        converted = layout.convert(array)
        weights.setdefault(layer, {})[variable] = np.ascontiguousarray(converted, np.float32)
    forgotten = [f"{layer}/{name}" for layer, names in variables.items() for name in names
                 if name not in weights.get(layer, {})]
    assert not forgotten, forgotten  # an error of the converter, not of the file
    return weights
