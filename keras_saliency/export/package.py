"""A folder that passes a network on: its files for every program, a model card, checksums."""
from pathlib import Path
from typing import Callable

import keras

from keras_saliency.export import model_card, onnx_model, saved_model
from keras_saliency.export.frozen import measured, megabytes, new_path
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.files import AnyPath, atomic_folder, import_optional, sha256
from keras_saliency.models import save as save_network
from keras_saliency.prediction import runtimes

CARD, SUMS = "README.md", "SHA256SUMS"


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
        for file, run in _write_models(model, temporary, limit).items():
            log(f"{file.name}: {measured(file, model, run)}")
        (temporary / CARD).write_text(model_card.card(model), encoding="utf-8")
        (temporary / SUMS).write_text(_checksums(temporary), encoding="utf-8")
    log(f"{path}: {megabytes(path):.1f} MB; its {CARD} says how each file is used")
    return path


def _write_models(model, folder, limit) -> dict:
    """Return {file or folder written: function that runs it}."""
    kept = save_network(model, folder / model_card.KERAS)
    saved = saved_model.save(model, folder / model_card.SAVED_MODEL, limit=limit)
    onnx = onnx_model.save_onnx(model, folder / model_card.ONNX, dynamic_batch=True)
    loaded = keras.models.load_model(kept)
    return {
        kept: lambda images: loaded(images, training=False).numpy(),
        saved.parent: saved_model.open_canvas(saved),
        onnx: runtimes.open_onnx(str(onnx), onnx).run,
    }


def _checksums(folder) -> str:
    """Return a line "<sha256>  <path>" for each file in a folder, paths relative to it, sorted."""
    return "".join(f"{sha256(file)}  {file.relative_to(folder).as_posix()}\n"
                   for file in sorted(folder.rglob("*")) if file.is_file())
