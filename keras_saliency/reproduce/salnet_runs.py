"""SalNet's trainings of the results `salnet` and `salnet_deep`, for other results to show."""
import keras

from keras_saliency import maps
from keras_saliency.files import InputError
from keras_saliency.models import build_model, weights_file
from keras_saliency.reproduce.salnet import CANVAS
from keras_saliency.reproduce.setting import QUICK_CANVAS

QUICK = {"salnet_shallow": (CANVAS, maps.STRETCH), "salnet_deep": (QUICK_CANVAS, maps.PAD)}


def runs(setting, models=("salnet_shallow", "salnet_deep")) -> list:
    """Folders or weights files: those of --weights, else the finished trainings of `salnet` and
    `salnet_deep`; with `setting.quick` a tiny random network of each of `models`.

    Raises:
        InputError: there are none.
    """
    if setting.weights:
        return [str(path) for path in setting.weights]
    if setting.quick:
        return [str(_tiny(setting, name)) for name in models]
    results = {"salnet_shallow": "salnet", "salnet_deep": "salnet_deep"}
    folders = [setting.scratch.parent / results[name] for name in models]
    found = [str(path.parent) for folder in folders for path in sorted(folder.glob("*/best.h5"))]
    if not found:
        raise InputError(f"no trainings in {' and '.join(map(str, folders))}: run the results "
                         "salnet and salnet_deep first, or name some with --weights")
    return found


def _tiny(setting, name):
    path, (canvas, fit) = setting.scratch / f"tiny_{name}.h5", QUICK[name]
    if not path.is_file():
        keras.utils.set_random_seed(1)
        options = {"width_multiplier": 0.03}
        setting.scratch.mkdir(parents=True, exist_ok=True)
        weights_file.save(build_model(name, **options), path, attributes={
            "model": name, "options": options, "canvas": list(canvas), "fit": fit,
            "dataset": "generated (tiny)"})
    return path
