"""A static folder with a web page that runs a network in the browser: no server, no network."""
import json
import shutil
from pathlib import Path
from typing import Callable, Optional

import keras
import numpy as np

from keras_saliency.config import DataConfig
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, score_predictions
from keras_saliency.evaluation.sources import predictions
from keras_saliency.export import int8, web_runtime
from keras_saliency.export.frozen import megabytes, new_path, prepare
from keras_saliency.export.generated_pictures import generate
from keras_saliency.export.web_model import Converted, canvases, convert, signatures
from keras_saliency.files import AnyPath, atomic_folder
from keras_saliency.prediction.overlay import colorize
from keras_saliency.prediction.predictor import predictor

PAGE = Path(__file__).parent / "web"
MEASURED = 10  # generated pictures
METRICS = ("nss", "cc")


def export_web(model: keras.Model, path: AnyPath, quantize: str = "dynamic",
               runtime: Optional[AnyPath] = None, stimuli: Optional[tuple] = None,
               log: Callable = print) -> Path:
    """Write a new folder for any file server: the page, the network, and LiteRT.js to run it.

    Args:
        quantize: "dynamic", weights in 8 bits, or "float16"; see `web_model.convert`.
        runtime: folder where `web_runtime.COMMAND` was run; None lets npm fetch it.
        stimuli: as of `osie_validation`, on which NSS and CC of the network and of what the page
            runs are compared; None compares their maps of generated pictures.
        log: called with what is lost, and how large the folder is.
    """
    path = new_path(path)
    description = json.loads(prepare(model)[1])
    with web_runtime.installed(runtime) as modules:
        sizes = canvases(model)
        contents = convert(model, signatures(sizes), quantize)
        converted = Converted(contents, model)
        lost = losses(model, converted, stimuli, log)
        with atomic_folder(path) as temporary:
            shutil.copytree(PAGE, temporary)
            packed = web_runtime.compressed(contents)
            (temporary / "model.bin").write_bytes(packed)
            files = {"model": len(packed), **web_runtime.copy(modules, temporary / "runtime")}
            (temporary / "model.json").write_text(json.dumps({
                **description, **sizes, "quantized": quantize, "lost": lost, "files": files,
                "colors": colorize(np.arange(256)[np.newaxis])[0].tolist()}), encoding="utf-8")
    log(f"{path}: {megabytes(path):.1f} MB; serve it with\n  python -m http.server -d {path}\n"
        "and open http://localhost:8000")
    return path


def osie_validation(root: str) -> tuple:
    """Return OSIE's validation stimuli: (`SaliencyDataset`, blur of its densities in pixels)."""
    _, stimuli, spec = load_data(DataConfig(name="osie", root=root))
    return stimuli, spec.sigma


def losses(model: keras.Model, converted: Converted, stimuli: Optional[tuple] = None,
           log: Callable = print) -> dict:
    """Return {metric: how much less the page's network scores}; arguments as of `export_web`."""
    if stimuli is None:
        pictures = generate(MEASURED, canvases(model)["canvas"])[:, np.newaxis]
        lost = int8.losses([model(p, training=False)[0].numpy() for p in pictures],
                           [converted.maps(p)[0] for p in pictures])
        log(f"loss against its own maps of {MEASURED} generated pictures: {int8.say(lost)}")
        return lost
    dataset, sigma = stimuli
    means = []
    for label, its in (("network", model), ("page", converted)):
        means.append(score_predictions(predictions(predictor(its), dataset),
                                       Scorer(dataset, sigma, list(METRICS)), label).means())
        log(f"{label} on {len(dataset)} stimuli of {dataset.name}: " + ", ".join(
            f"{name.upper()} {means[-1][name]:.4f}" for name in METRICS))
    return {name: means[0][name] - means[1][name] for name in METRICS}
