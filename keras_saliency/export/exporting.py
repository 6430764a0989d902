"""One command's worth of export: SavedModel, what is asked for beside it, and how they agree."""
from pathlib import Path

import numpy as np
import tensorflow as tf

from keras_saliency.export import saved_model, tflite
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.export.serving_files import docker_command, write_serving_files
from keras_saliency.prediction.forward import canvas_of


def export_all(model, path, version=1, float16=False, lite=False, quantize="none", limit=LIMIT,
               log=print) -> Path:
    """Write everything and say what it is, how large, and how far from the model in memory.

    Args:
        path: the model's folder, whose name it is served under. float16: weights in half
            precision. lite: also `<path>/../<name>_v<version>.tflite`. quantize: of that.
        Otherwise as `export.save`.

    Returns:
        The version's folder.
    """
    path = Path(path)
    images = _sample(canvas_of(model))
    expected = model(images, training=False).numpy()
    scale = float(np.ptp(expected)) or 1.0
    target = saved_model.save(model, path, version, limit, float16)
    served = tf.saved_model.load(str(target)).signatures["serve_canvas"](
        images=tf.constant(images))["saliency"].numpy()
    log(f"{target}: {_megabytes(target):.1f} MB; largest difference from the model in memory "
        f"{np.abs(served - expected).max() / scale:.1e} of its range")
    if lite:
        file = path.with_name(f"{path.name}_v{version}.tflite")
        tflite.save_tflite(model, file, quantize)
        differs = np.abs(tflite.run_tflite(file, images) - expected).max() / scale
        log(f"{file}: {_megabytes(file):.1f} MB; largest difference {differs:.1e} of its range")
    files = write_serving_files(path.parent, path.name)
    log(f"{', '.join(file.name for file in files) or 'no new settings'} in {path.parent}; serve "
        f"with\n  {docker_command(path.parent, path.name)}")
    return target


def _sample(canvas) -> np.ndarray:
    """float32 [2, h, w, 3]: smooth colours with an edge, and noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:canvas[0], :canvas[1]]
    smooth = np.stack([127 + 100 * np.sin(x / 17 + c) * np.cos(y / 23 - c) for c in range(3)], -1)
    smooth[canvas[0] // 3:canvas[0] // 2, canvas[1] // 2:] = (250, 240, 20)
    return np.stack([smooth, rng.uniform(0, 255, (*canvas, 3))]).astype(np.float32)


def _megabytes(path) -> float:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files) / 1e6
