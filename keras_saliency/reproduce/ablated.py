"""MSI-Net's trainings of the result `ablations`, for other results to compare."""
import keras

from keras_saliency.files import InputError
from keras_saliency.models import build_model, weights_file
from keras_saliency.reproduce.ablations import VARIANTS
from keras_saliency.reproduce.setting import QUICK_CANVAS


def runs(setting) -> list:
    """Folders or weights files of MSI-Nets: those of --weights, else all trainings of `ablations`
    that are finished; with `setting.quick` a tiny random one of each variant.

    Raises:
        InputError: there are none.
    """
    if setting.weights:
        return [str(path) for path in setting.weights]
    if setting.quick:
        return [str(_tiny(setting, variant)) for variant in VARIANTS]
    folder = setting.scratch.parent / "ablations"
    found = [str(path.parent) for path in sorted(folder.glob("*/best.h5"))]
    if not found:
        raise InputError(f"no trainings in {folder}: run the result ablations first, or name them "
                         "with --weights")
    return found


def variant_of(model) -> str:
    """The key of `VARIANTS` that a trained MSI-Net is.

    Raises:
        InputError: another network.
    """
    if model.name != "msi_net":
        raise InputError(f"{model.about['file']} is of {model.name}; --weights takes MSI-Nets of "
                         "the result ablations")
    options = model.about.get("options", {})
    changed = {key: options[key] for key in ("aspp", "multi_level") if options.get(key) is False}
    known = [variant for variant, its in VARIANTS.items() if its == changed]
    if not known:
        raise InputError(f"{model.about['file']} lacks both ASPP and concatenation")
    return known[0]


def trained_on(model) -> str:
    """Name of the dataset that a network was trained on, without its edition."""
    return str(model.about.get("dataset", "")).partition(" ")[0]


def _tiny(setting, variant):
    path = setting.scratch / f"tiny_{variant}.h5"
    if not path.is_file():
        keras.utils.set_random_seed(1 + list(VARIANTS).index(variant))
        options = {"width_multiplier": 0.03, **VARIANTS[variant]}
        setting.scratch.mkdir(parents=True, exist_ok=True)
        weights_file.save(build_model("msi_net", **options), path, attributes={
            "model": "msi_net", "options": options, "canvas": list(QUICK_CANVAS),
            "dataset": "generated (tiny)"})
    return path
