"""Trainings of the result `ablations`, for results that compare them."""
from keras_saliency.files import InputError
from keras_saliency.models import facts_of
from papers.ablations import VARIANTS
from papers.making.setting import QUICK_CANVAS
from papers.shared.trained import runs_of, tiny


def runs(setting) -> list:
    """Return folders or weights files of MSI-Nets, tiny random ones with `setting.quick`."""
    if setting.quick and not setting.weights:
        return [str(tiny(setting, variant, 1 + place, "msi_net", VARIANTS[variant],
                         canvas=list(QUICK_CANVAS))) for place, variant in enumerate(VARIANTS)]
    return runs_of(setting, ["ablations"])


def variant_of(model) -> str:
    """Return the key of `VARIANTS` of a trained MSI-Net.

    Raises:
        InputError: it is another network.
    """
    about = facts_of(model).about
    if model.name != "msi_net":
        raise InputError(f"{about['file']} is of {model.name}; --weights takes MSI-Nets of "
                         "the result ablations")
    options = about.get("options", {})
    changed = {key: options[key] for key in ("aspp", "multi_level") if options.get(key) is False}
    known = [variant for variant, its in VARIANTS.items() if its == changed]
    if not known:
        raise InputError(f"{about['file']} lacks both ASPP and concatenation")
    return known[0]


def trained_on(model) -> str:
    """Return the name of the dataset that a network was trained on, without its edition."""
    return str(facts_of(model).about.get("dataset", "")).partition(" ")[0]
