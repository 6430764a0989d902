"""The model card of a network: what it is, what it was trained on and scores, how to use it.

Markdown whose first lines are the settings that model hubs read.
"""
from pathlib import Path

import keras
import tensorflow as tf
import yaml

from keras_saliency import maps
from keras_saliency.datasets.dataset import is_number
from keras_saliency.files import printable
from keras_saliency.metrics import METRICS
from keras_saliency.models import MODELS, facts_of, pretrained
from keras_saliency.models.facts_layer import CALIBRATED

KERAS, SAVED_MODEL, ONNX = "model.keras", "saved_model", "model.onnx"  # beside the card
TAGS = ["saliency", "visual-attention", "eye-tracking", "keras", "tensorflow", "onnx"]
FITS = {maps.PAD: f"with their aspect ratio, centered and padded with {maps.STIMULUS_PADDING:g}",
        maps.STRETCH: "by stretching"}

CARD = """---
{settings}---
# {title}

Where people look in a picture, as a map in the picture's own size: a saliency network after
{citation}

It works on a canvas of {height}x{width} pixels (height x width), onto which pictures are brought
{fitted}.

## Use

With [Keras](https://keras.io) and this network's package, `keras_saliency`:

```python
import keras, keras_saliency.models   # which registers the layers
model = keras.models.load_model("{keras_file}")
{out} = keras_saliency.predict(model, image)   # [H, W, 3] RGB 0..255 -> [H, W]
```

With TensorFlow alone:

```python
import tensorflow as tf
served = tf.saved_model.load("{saved_model}/1")
found = served.signatures["serving_default"](images=image[None])   # uint8
{out} = found["{out}"][0, ..., 0]   # [H, W]
```

With ONNX Runtime alone, on the canvas:

```python
import onnxruntime
session = onnxruntime.InferenceSession("{onnx}")
# images: float32 [B, {height}, {width}, 3], RGB 0..255
maps = session.run(["saliency"], {{"images": images}})[0]   # [B, {height}, {width}, 1]
```

`{keras_file}` was written by Keras {keras}; Keras {other} does not read it. `{saved_model}/`, by
TensorFlow {tensorflow}, brings pictures onto the canvas and maps back; TensorFlow Serving serves
it. Weights are float32. `sha256sum --check SHA256SUMS` says whether all files are whole.

## Training

{training}

## Scores

{scores}

## Limits

The map is of many people who look freely at pictures like those of the training data, for a few
seconds. It is not of one person, nor of a task; on other kinds of pictures it has not been measured
here.

## Licence and citation

{licence}
"""


def card(model: keras.Model) -> str:
    """Return the card of a network; it states if the training data is not known."""
    entry, facts = _entry(model), facts_of(model)
    height, width = facts.require_canvas()
    return printable(CARD.format(
        settings=yaml.safe_dump(_settings(model, entry), sort_keys=False, width=98),
        title=_name(model, entry), citation=_citation(model),
        height=height, width=width, fitted=FITS[facts.fit],
        out="density" if facts.density else "saliency", keras_file=KERAS,
        saved_model=SAVED_MODEL, onnx=ONNX, keras=keras.__version__,
        other=2 if keras.__version__.startswith("3") else 3, tensorflow=tf.__version__,
        training=_training(model, entry), scores=_scores(model, entry),
        licence=_licence(model)))


def _name(model, entry) -> str:
    """Return the name of the weights in `weights/`, or of the model."""
    return _file(model).stem if entry else model.name


def _file(model) -> Path:
    return Path(facts_of(model).about.get("file", ""))


def _entry(model) -> dict:
    """Return the manifest's entry for a file in `weights/`; {} for other files."""
    file = _file(model)
    return pretrained.read_manifest().get(file.stem, {}) \
        if file.parent == pretrained.WEIGHTS_FOLDER else {}


def _citation(model) -> str:
    spec = MODELS.get(model.name.removeprefix(CALIBRATED))
    return _sentence(spec.citation) + "." if spec else f"{model.name}."


def _sentence(text) -> str:
    return text.rstrip(".")


def _settings(model, entry) -> dict:
    """Return the settings that a hub reads: licence, library, tags, scores as results."""
    licence = str(facts_of(model).about.get("licence", ""))
    results = [{"task": {"type": "saliency-prediction", "name": "Saliency prediction"},
                "dataset": {"type": dataset, "name": f"{dataset}, {its['part']}"},
                "metrics": [{"type": metric, "value": its[metric]}
                            for metric in METRICS if metric in its]}
               for dataset, its in entry.get("scores", {}).items()]
    index = [{"name": _name(model, entry), "results": results}]
    return {**({"license": licence.lower()} if licence else {}), "library_name": "keras",
            "tags": TAGS, **({"model-index": index} if results else {})}


def _training(model, entry) -> str:
    about = facts_of(model).about
    said = [f"Training data: {about.get('dataset', 'not stated in the weights file')}"
            + (f", {about['training_stimuli']} stimuli" if "training_stimuli" in about else "")
            + (f"; epoch {about['epoch']}" if "epoch" in about else "") + "."]
    if "calibration" in about:
        fitted = about["calibration"]
        said.append(f"Its map was then fitted to a density on {fitted.get('stimuli')} stimuli of "
                    f"{fitted.get('dataset')}.")
    if about.get("options"):
        said.append("Options of the network: " + ", ".join(
            f"{name} {value}" for name, value in about["options"].items()) + ".")
    if "command" in entry:
        said.append(f"Trained by {entry['command']}.")
    return "\n".join(said)


def _scores(model, entry) -> str:
    """Return a table of the manifest's scores, else the scores in the weights file."""
    measured = entry.get("scores", {})
    if measured:
        names = [name for name in METRICS if any(name in its for its in measured.values())]
        rows = [["metric", *measured], ["---"] * (len(measured) + 1)] + [
            [f"{name} {'↑' if METRICS[name].higher_is_better else '↓'}",
             *(f"{its[name]:.4f}" if name in its else "" for its in measured.values())]
            for name in names]
        said = "; ".join(f"{dataset}: {its['stimuli']} {its['part']} stimuli, densities "
                         + ("as published" if its["sigma_pixels"] is None
                            else f"blurred by {its['sigma_pixels']:g} pixels")
                         for dataset, its in measured.items())
        return f"{said}; none of them in training.\n\n" + "\n".join(
            f"| {' | '.join(row)} |" for row in rows)
    kept = facts_of(model).about.get("scores")
    kept = {name: value for name, value in (kept.items() if isinstance(kept, dict) else ())
            if "val_" in name and is_number(value)}
    if not kept:
        return "Its weights file states none."
    return ("On the validation stimuli of its training data, at the epoch that was kept:\n\n"
            "| score | value |\n| --- | --- |\n" + "\n".join(
                f"| {name} | {value:.4f} |" for name, value in kept.items()))


def _licence(model) -> str:
    about = facts_of(model).about
    said = [f"Weights: {about['licence']}." if "licence" in about else
            "The weights file states no licence: state one before passing it on."]
    manifest, base = pretrained.read_manifest(), about.get("base")
    while isinstance(base, str):  # of what its layers were taken from
        entry = manifest.get(Path(base).stem, {})
        said.append(f"Built on {Path(base).stem}: {_sentence(str(entry.get('citation')))}. "
                    f"Licence {entry.get('licence')}.")
        base = entry.get("base")
    return "\n\n".join([*said, f"Cite {_citation(model)}"])
