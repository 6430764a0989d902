"""The model card of a network: what it is, what it was trained on and scores, how to use it.

`card.md` is its text, Markdown whose first lines are the settings that model hubs read.
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

CARD = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")


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
