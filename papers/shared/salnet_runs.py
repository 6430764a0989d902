"""SalNet's trainings of the results `salnet` and `salnet_deep`, for other results to show."""
from keras_saliency import maps
from papers.making.setting import QUICK_CANVAS
from papers.salnet import CANVAS
from papers.shared.trained import runs_of, tiny

RESULTS = {"salnet_shallow": "salnet", "salnet_deep": "salnet_deep"}
QUICK = {"salnet_shallow": (CANVAS, maps.STRETCH), "salnet_deep": (QUICK_CANVAS, maps.PAD)}


def runs(setting, models=tuple(RESULTS)) -> list:
    """Folders or weights files: as `runs_of` of `salnet` and `salnet_deep`, with `setting.quick` a
    tiny random network of each of `models`."""
    if setting.quick and not setting.weights:
        return [str(tiny(setting, name, 1, name, canvas=list(QUICK[name][0]), fit=QUICK[name][1]))
                for name in models]
    return runs_of(setting, [RESULTS[name] for name in models])
