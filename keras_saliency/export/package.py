"""A folder that passes a network on: its files for every program, a model card, checksums.

The card says what the network is, what it was trained on and scores, and how to use it. `card.md`
is its text, Markdown whose first lines are the settings that model hubs read.
"""
import re
from pathlib import Path
from typing import Any, Callable, Mapping

import keras
import tensorflow as tf
import yaml

from keras_saliency import maps
from keras_saliency.compat import KERAS_3
from keras_saliency.datasets.dataset import is_number
from keras_saliency.export import onnx_model, saved_model
from keras_saliency.export.frozen import measured, megabytes, new_path
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.files import AnyPath, atomic_folder, import_optional, printable, sha256
from keras_saliency.metrics import METRICS
from keras_saliency.models import MODELS, facts_of, pretrained
from keras_saliency.models import save as save_network
from keras_saliency.models.facts_layer import CALIBRATED
from keras_saliency.prediction import runtimes

KERAS, SAVED_MODEL, ONNX = "model.keras", "saved_model", "model.onnx"
CARD, SUMS = "README.md", "SHA256SUMS"
TEXT = (Path(__file__).parent / "card.md").read_text(encoding="utf-8")
# What Markdown and HTML take for more than text; _ only at a word's border.
_MARKUP = re.compile(r"[\\`*\[\]<>&|#~!]|(?<!\w)_|_(?!\w)")
TAGS = ["saliency", "visual-attention", "eye-tracking", "keras", "tensorflow", "onnx"]
FITS = {maps.PAD: f"with their aspect ratio, centered and padded with {maps.STIMULUS_PADDING:g}",
        maps.STRETCH: "by stretching"}


def export_package(model: keras.Model, path: AnyPath, limit: int = LIMIT,
                   log: Callable = print) -> Path:
    """Write a new folder with the files that the page of a model hub needs.

    They are `model.keras`, `saved_model/1/` for pictures of at most `limit` pixels, `model.onnx`
    (any number of images), README.md, which is the model card, and SHA256SUMS, as
    `sha256sum --check` reads it. `log` is called with how close each file is to the model.
    """
    path = new_path(path)
    import_optional("onnxruntime", runtimes.ONNX_EXTRA)  # before the work
    with atomic_folder(path) as temporary:
        temporary.mkdir()
        kept = save_network(model, temporary / KERAS)
        loaded = keras.models.load_model(kept)
        saved = saved_model.save(model, temporary / SAVED_MODEL, limit=limit)
        onnx = onnx_model.save_onnx(model, temporary / ONNX, dynamic_batch=True)
        for file, run in ((kept, lambda images: loaded(images, training=False).numpy()),
                          (saved.parent, saved_model.open_canvas(saved)),
                          (onnx, runtimes.open_onnx(str(onnx), onnx).run)):
            log(f"{file.name}: {measured(file, model, run)}")
        (temporary / CARD).write_text(card(model), encoding="utf-8")
        files = sorted(file for file in temporary.rglob("*") if file.is_file())
        (temporary / SUMS).write_text("".join(
            f"{sha256(file)}  {file.relative_to(temporary).as_posix()}\n" for file in files),
            encoding="utf-8")
    log(f"{path}: {megabytes(path):.1f} MB; its {CARD} says how each file is used")
    return path


def card(model: keras.Model) -> str:
    """Return the card of a network; it states if the training data is not known."""
    (name, entry), facts = _entry(model), facts_of(model)
    height, width = facts.require_canvas()
    return printable(TEXT.format(
        settings=yaml.safe_dump(_settings(model, name, entry), sort_keys=False, width=98),
        title=plain(name), citation=_citation(model),
        height=height, width=width, fitted=FITS[facts.fit],
        out="density" if facts.density else "saliency", keras_file=KERAS,
        saved_model=SAVED_MODEL, onnx=ONNX, keras=keras.__version__,
        other=2 if KERAS_3 else 3, tensorflow=tf.__version__,
        training=_training(model, entry), scores=_scores(model, entry),
        licence=_licence(model)))


def plain(text: Any) -> str:
    """Return text from a weights file as one line that Markdown shows as it is, without HTML."""
    line = " ".join(str(text).split())
    return _MARKUP.sub(lambda found: f"\\{found[0]}", line)


def _entry(model) -> tuple:
    """Return (name, the manifest's entry) of a file in `weights/`; (name, {}) of other models."""
    file = Path(facts_of(model).about.get("file", ""))
    kept = pretrained.read_manifest() if file.parent == pretrained.WEIGHTS_FOLDER else {}
    return (file.stem, kept[file.stem]) if kept.get(file.stem) else (model.name, {})


def _citation(model) -> str:
    spec = MODELS.get(model.name.removeprefix(CALIBRATED))
    return f"{(spec.citation if spec else plain(model.name)).rstrip('.')}."


def _settings(model, name, entry) -> dict:
    """Return the settings that a hub reads: licence, library, tags, scores as results."""
    licence = str(facts_of(model).about.get("licence", ""))
    results = [{"task": {"type": "saliency-prediction", "name": "Saliency prediction"},
                "dataset": {"type": dataset, "name": f"{dataset}, {its['part']}"},
                "metrics": [{"type": metric, "value": its[metric]}
                            for metric in METRICS if metric in its]}
               for dataset, its in entry.get("scores", {}).items()]
    index = [{"name": name, "results": results}]
    return {**({"license": licence.lower()} if licence else {}), "library_name": "keras",
            "tags": TAGS, **({"model-index": index} if results else {})}


def _training(model, entry) -> str:
    about = facts_of(model).about
    said = [f"Training data: {plain(about.get('dataset', 'not stated in the weights file'))}"
            + (f", {plain(about['training_stimuli'])} stimuli" if "training_stimuli" in about
               else "") + (f"; epoch {plain(about['epoch'])}" if "epoch" in about else "") + "."]
    if "calibration" in about:
        fitted = _named(about["calibration"])
        said.append(f"Its map was then fitted to a density on {plain(fitted.get('stimuli'))} "
                    f"stimuli of {plain(fitted.get('dataset'))}.")
    if _named(about.get("options")):
        said.append("Options of the network: " + ", ".join(
            f"{plain(name)} {plain(value)}" for name, value in about["options"].items()) + ".")
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
    kept = {name: value for name, value in _named(kept).items()
            if "val_" in name and is_number(value)}
    if not kept:
        return "Its weights file states none."
    return ("On the validation stimuli of its training data, at the epoch that was kept:\n\n"
            "| score | value |\n| --- | --- |\n" + "\n".join(
                f"| {plain(name)} | {value:.4f} |" for name, value in kept.items()))


def _named(values) -> Mapping:
    """Return values by name; none where a file holds something else."""
    return values if isinstance(values, Mapping) else {}


def _licence(model) -> str:
    about = facts_of(model).about
    said = [f"Weights: {plain(about['licence'])}." if "licence" in about else
            "The weights file states no licence: state one before passing it on."]
    manifest, base = pretrained.read_manifest(), about.get("base")
    while isinstance(base, str):  # of what its layers were taken from
        entry = manifest.get(Path(base).stem, {})
        said.append(f"Built on {plain(Path(base).stem)}: {str(entry.get('citation')).rstrip('.')}. "
                    f"Licence {entry.get('licence')}.")
        base = entry.get("base")
    return "\n\n".join([*said, f"Cite {_citation(model)}"])
