"""Units before and after fine-tuning.

He, Tavakoli, Borji, Mi and Pugeault 2019, Figures 3, 5 and 6.
"""
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_part
from keras_saliency.files import InputError
from keras_saliency.models import facts_of
from keras_saliency.prediction.overlay import overlay
from keras_saliency.report import plots
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.patterns import enlarge, unit_maps
from keras_saliency.units.statistics import TOP_UNITS
from keras_saliency.units.unit_scores import score_dataset
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.readouts import RUN
from papers.shared.studied import UNTRAINED, model_of, short

TITLE = "Units before and after fine-tuning"
ABOUT = (
    "NSS of every unit of VGG16's `block5_conv3` on the 200 validation stimuli of OSIE, as "
    "ImageNet left it and after a VGG readout was trained with the last 3 convolutions on OSIE's "
    "training stimuli (the run of `readouts`, or those of `--weights`); the paper trains on "
    "SALICON. Both by the authors' Adam at 0.005, at which rectified units can fall silent for "
    "good. That units become attuned to heads needs OSIE-SR's labels (`regions`); here the "
    "fixations stand for all categories. The overlays are pictures of stimuli and not committed.")
KEYS = ("model",)
DATA = ("osie",)
OPTIONS = ("weights",)

LAYER = "block5_conv3"
LAYERS, SEED = 3, 1  # the run of `readouts` with as many fine-tuned layers as Figure 6
SHOWN = 5            # units of the tables and of the picture


def parts(setting) -> list:
    if setting.quick:
        return [("vgg_linear",)]
    return [(str(name),) for name in setting.weights or (_default_run(setting),)]


def _default_run(setting):
    return setting.scratch.parent / "readouts" / RUN.format(LAYERS, SEED)


def measure(setting, model) -> list:
    """Return a row for each unit: mean NSS before and after, and its best stimulus after."""
    if not setting.weights and not setting.quick and not _default_run(setting).is_dir():
        raise InputError(f"no run {_default_run(setting)}: make `readouts` first, or name a "
                         "fine-tuned VGG network with --weights")
    dataset = load_part(setting.data("osie"), "validation")
    after = model_of(setting, model)
    canvas, found = facts_of(after).require_canvas(), {}
    for name, network in (("before", _before(setting, after)), ("after", after)):
        found[name] = score_dataset(network, [LAYER], dataset, canvas,
                                    label=f"{short(model)}, {name}")[LAYER]
    best = found["after"].best.images[0]
    return [{"unit": unit, "before": found["before"].moments.mean[unit],
             "after": found["after"].moments.mean[unit], "best_stimulus": dataset.names[best[unit]]}
            for unit in range(len(best))]


def _before(setting, after):
    """Return the untrained network with the canvas of a fine-tuned one."""
    return model_of(setting, UNTRAINED, (facts_of(after).require_canvas(), facts_of(after).fit))


def tables(rows) -> list:
    made = []
    for model, some in groups(rows, "model").items():
        changed = _by_change(some)
        body = [[row["unit"], number(row["before"], 2), number(row["after"], 2),
                 number(row["after"] - row["before"], 2), row["best_stimulus"]]
                for row in (*changed[:SHOWN], *changed[::-1][:SHOWN][::-1])]
        made.append(Table(f"`{short(model)}`: the units of `{LAYER}` whose mean NSS rose and fell "
                          "most:", ["unit", "before", "after", "change",
                                    "best stimulus after"], body))
    return made


def _by_change(rows) -> list:
    return sorted(rows, key=lambda row: row["before"] - row["after"])


def verdict(rows) -> Verdict:
    texts, shown = [], []
    for model, some in groups(rows, "model").items():
        before, after = column(some, "before"), column(some, "after")
        top = [np.sort(values)[-TOP_UNITS:].mean() for values in (before, after)]
        silent = after == 0  # exactly 0: a unit that responds nowhere has no deviation
        rose = int(((after > before) & ~silent).sum())
        shown.append(top[1] > top[0] and 2 * rose > len(some))
        texts.append(f"{short(model)}: {top[0]:.2f} to {top[1]:.2f} for the ten best units, "
                     f"{np.median(before):.2f} to {np.median(after):.2f} for the median unit, "
                     f"{rose} of {len(some)} rise and {int(silent.sum())} respond nowhere any more")
    return Verdict(bool(all(shown)), "units become more selective to what people look at by "
                   f"fine-tuning; mean NSS of ours, {'; '.join(texts)}")


def show(setting, rows) -> list:
    """Draw Figures 5 and 6: the units that changed most, before and after."""
    dataset, paths = load_part(setting.data("osie"), "validation"), []
    load = pipeline.stimulus_loader(dataset)
    for model, some in groups(rows, "model").items():
        changed = _by_change(some)
        chosen, after = [*changed[:SHOWN - 1], changed[-1]], model_of(setting, model)
        names = [str(name) for name in dataset.names]
        wanted = [(names.index(str(row["best_stimulus"])), row["unit"]) for row in chosen]
        canvas = facts_of(after).require_canvas()
        maps = [unit_maps(network, [LAYER], dataset, {LAYER: wanted}, canvas)[LAYER]
                for network in (_before(setting, after), after)]
        strip = []
        for key, row in zip(wanted, chosen):
            image, size = load(key[0]).numpy(), tuple(int(s) for s in dataset.sizes[key[0]])
            plan = canvas_resampling(size, maps[0][key].shape, canvas, fit=facts_of(after).fit)
            strip.append((image, *(overlay(image, enlarge(of[key], plan)) for of in maps),
                          f"unit {row['unit']}: {row['before']:.2f} to {row['after']:.2f}"))
        paths.append(setting.scratch / f"{short(model)}.png")
        plots.sample_strip(strip, paths[-1], ("stimulus", "before", "after fine-tuning"))
    return paths
