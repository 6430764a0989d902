"""Trainings of the results `salnet` and `salnet_deep`, for results that show them."""
from keras_saliency import maps
from papers.making.setting import QUICK_CANVAS
from papers.salnet import CANVAS
from papers.shared.trained import runs_of, tiny

RESULTS = {"salnet_shallow": "salnet", "salnet_deep": "salnet_deep"}
QUICK = {"salnet_shallow": (CANVAS, maps.STRETCH), "salnet_deep": (QUICK_CANVAS, maps.PAD)}


def runs(setting, models=tuple(RESULTS)) -> list:
    """Return folders or weights files of `models`, tiny random ones with `setting.quick`."""
    if setting.quick and not setting.weights:
        return [str(tiny(setting, name, 1, name, canvas=list(QUICK[name][0]), fit=QUICK[name][1]))
                for name in models]
    return runs_of(setting, [RESULTS[name] for name in models])
