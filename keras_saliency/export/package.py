"""A folder that passes a network on: its files for every program, a model card, checksums."""
from pathlib import Path
from typing import Callable, Union

import keras
import tensorflow as tf

from keras_saliency.export import model_card, onnx_model, saved_model
from keras_saliency.export.frozen import largest_difference, megabytes
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.files import atomic_folder, import_optional, require_writable, sha256
from keras_saliency.models import save as save_network
from keras_saliency.prediction.runtimes import ONNX_EXTRA

CARD, SUMS = "README.md", "SHA256SUMS"


def export_package(model: keras.Model, path: Union[str, Path], limit: int = LIMIT,
                   log: Callable = print) -> Path:
    """Write `path`, a new folder that holds all that the page of a model hub needs: `model.keras`,
    `saved_model/1/`, `model.onnx` (any number of images), README.md, which is the model card, and
    SHA256SUMS, as `sha256sum --check` reads it.

    Args:
        limit: pixels of the largest picture that the SavedModel accepts. log: told how close each
            file is to the model.

    Raises:
        FileExistsError: `path` is there already.
        InputError: as `models.save`, `save` and `save_onnx`. MissingPackage: the extra onnx is not
            installed.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another folder")
    require_writable(path)
    import_optional("onnxruntime", ONNX_EXTRA)  # before the work
    with atomic_folder(path) as temporary:
        temporary.mkdir()
        for name, differs in _write_models(model, temporary, limit).items():
            log(f"{name}: {megabytes(temporary / name):.1f} MB; largest difference from the model "
                f"in memory {differs:.1e} of its range")
        (temporary / CARD).write_text(model_card.card(model), encoding="utf-8")
        (temporary / SUMS).write_text(checksums(temporary), encoding="utf-8")
    log(f"{path}: {megabytes(path):.1f} MB; its {CARD} says how each file is used")
    return path


def _write_models(model, folder, limit) -> dict:
    """{file or folder of `folder`: how far it is from the model, as a share of the map's range}."""
    kept = save_network(model, folder / model_card.KERAS)
    saved = saved_model.save(model, folder / model_card.SAVED_MODEL, limit=limit)
    onnx = onnx_model.save_onnx(model, folder / model_card.ONNX, dynamic_batch=True)
    loaded = keras.models.load_model(kept)
    served = tf.saved_model.load(str(saved)).signatures["serve_canvas"]
    runs = {
        kept: lambda images: loaded(images, training=False).numpy(),
        saved.parent: lambda images: served(images=tf.constant(images))["saliency"].numpy(),
        onnx: lambda images: onnx_model.run_onnx(onnx, images),
    }
    return {path.name: largest_difference(model, run) for path, run in runs.items()}


def checksums(folder: Union[str, Path]) -> str:
    """A line "<sha256>  <path>" for each file in a folder, paths relative to it, sorted."""
    files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    return "".join(f"{sha256(file)}  "
                   f"{file.relative_to(folder).as_posix()}\n" for file in files)
