"""Categories of regions that drive units, before and after fine-tuning.

He, Tavakoli, Borji, Mi and Pugeault 2019, Tables 2 and 3, Figures 1, 4 and 7, section 6.
"""
from pathlib import Path

import numpy as np

from keras_saliency import config as configs
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.datasets.region_labels import UNLABELLED, load_regions
from keras_saliency.files import InputError
from keras_saliency.report import plots
from keras_saliency.report.study_plots import improvement_figure
from keras_saliency.training.run import SETTINGS
from keras_saliency.units.regions import (
    category_statistics,
    output_difference,
    output_saliency,
    score_regions,
)
from keras_saliency.units.relation import relate
from papers import readouts
from papers.making.rows import groups, number
from papers.making.spec import Table, Verdict
from papers.popout_units import PAPER as LAYERS
from papers.published import numbers
from papers.shared.studied import READOUT_CANVAS, UNTRAINED, model_of, short

TITLE = "Categories of regions that units respond to"
ABOUT = (
    "Assoc of units with the regions of OSIE that OSIE-SR labels, for VGG16 before fine-tuning, "
    "the runs of `readouts` that are there and `--weights`, on the labelled validation stimuli, "
    "or, where fewer than 20 of those are labelled, on all labelled ones, among which are stimuli "
    "that the runs were trained on (the paper: all 700 of OSIE after training on SALICON, "
    "224x224). With the one published sample, whose regions have no category, the tables show "
    "that it runs and none of the paper's findings can be tested: then there is no verdict.")
KEYS = ("model",)
DATA = ("osie", "osie_sr")
OPTIONS = ("weights",)

_PAPER = numbers("understanding", "regions")
SPEARMAN, CLUSTERS_P = _PAPER["spearman"], _PAPER["clusters_p"]
# {statistic: {layer before fine-tuning, or number of fine-tuned layers: {category: number}}}
PAPER = {statistic: {key: dict(zip(_PAPER["categories"], values))
                     for key, values in _PAPER[statistic].items()}
         for statistic in ("top", "above")}
LAST, FEW = "block5_conv3", 3  # layer, and fine-tuned layers, that the verdict compares
LEAST = 20  # fewest labelled stimuli for a verdict
SHOWN = 4   # stimuli of the picture


def parts(setting) -> list:
    """The network before fine-tuning, the finished runs of `readouts` and those of --weights."""
    if setting.quick:
        return [(UNTRAINED,), ("vgg_linear",)]
    runs = [setting.scratch.parent / "readouts" / readouts.RUN.format(*part)
            for part in readouts.parts(setting)]
    found = [str(run) for run in runs if (run / "best.h5").is_file()]
    return [(name,) for name in dict.fromkeys((UNTRAINED, *found, *map(str, setting.weights)))]


def measure(setting, model) -> list:
    """Return a row for each layer and category: ten best units, units above 1.5, OS and OD.

    Over OSIE's labelled validation stimuli, or all labelled ones if those are few.
    """
    network = model_of(setting, model, READOUT_CANVAS)
    dataset, labels, sigma, part = _labelled(setting)
    layers = list(LAYERS) if model == UNTRAINED else [LAST]
    scores = score_regions(network, layers, dataset, labels, sigma,
                           label=f"{short(model)}: scoring regions")
    relation = relate(scores, LAST)
    output, difference = output_saliency(scores), output_difference(scores)
    facts = {"finetuned": _finetuned(model), "part": part, "stimuli": len(labels.instances),
             "spearman": relation.ranks.coefficient,
             "clusters_p": relation.variance.second.p_value}
    return [{"layer": layer, "category": category, "top": found.top, "above": found.above,
             "regions": found.regions, "os": output[category], "od": difference[category], **facts}
            for layer in layers
            for category, found in category_statistics(scores.units[layer]).items()]


def _labelled(setting) -> tuple:
    """Return (OSIE's stimuli, labels, blur, name of the part of the stimuli)."""
    for part in ("validation", "all"):
        _, dataset, spec = load_data(setting.data("osie"), part=part)
        names = [str(name) for name in dataset.names]
        root = _generated(setting, dataset) if setting.quick else setting.root("osie_sr")
        try:
            labels = load_regions(root, names)
        except InputError:
            if part == "all":
                raise
            continue
        if part == "all" or len(labels.instances) >= LEAST:
            return dataset, labels, spec.sigma, part


def _generated(setting, dataset):
    """Make labels for --quick: left halves are "person head", right halves are "text"."""
    root = setting.scratch / "osie_sr"
    for name, (height, width) in zip(dataset.names, dataset.sizes):
        halves = np.repeat(np.array([[1, 2]]), [width // 2, width - width // 2], axis=1)
        halves = np.repeat(halves, height, axis=0)
        for folder, values in (("SegmentationObject", halves),
                               ("SegmentationClass", np.where(halves == 1, 1, 37))):
            (root / folder).mkdir(parents=True, exist_ok=True)
            np.save(root / folder / f"{name}.npy", values)
    return root


def _finetuned(model):
    """Read the number of fine-tuned layers from a run's config, empty for a file."""
    path = Path(model) / SETTINGS
    if model == UNTRAINED:
        return 0
    return configs.load(path).train.finetune_layers if path.is_file() else ""


def tables(rows) -> list:
    categories = list(groups(rows, "category"))
    made = [Table(f"{title} ({_counted(rows[0]['stimuli'])} with labels, {rows[0]['part']}; Table "
                  "2 before fine-tuning, Table 3 after; the paper's numbers where regions have "
                  "categories):",
                  ["model", "layer", *categories], _beside(rows, statistic, digits))
            for statistic, title, digits in (("top", "Mean NSS of the ten best units", 2),
                                             ("above", "Units with a mean NSS above 1.5", 0))]
    body = [[f"`{short(model)}`", number(some[0]["spearman"], 2), number(some[0]["clusters_p"], 4),
             *(f"{row['regions']}: {number(row['os'], 2)}, {number(row['od'], 2)}"
               for row in _complete(some, LAST, categories))]
            for model, some in groups(rows, "model").items() if model != UNTRAINED]
    if body:
        made.append(Table("Section 6: Spearman's coefficient of inner and output saliency (the "
                          f"paper's {SPEARMAN}), p of the clusters ({CLUSTERS_P:g}); of each "
                          "category regions, OS and OD:",
                          ["model", "Spearman", "p", *categories], body))
    return made


def _counted(stimuli) -> str:
    return f"{stimuli} stimul{'us' if stimuli == 1 else 'i'}"


def _complete(rows, layer, categories) -> list:
    found = {row["category"]: row for row in rows if row["layer"] == layer}
    missing = {"regions": 0, "top": "", "above": "", "os": "", "od": ""}
    return [found.get(category, missing) for category in categories]


def _beside(rows, statistic, digits) -> list:
    body, categories = [], list(groups(rows, "category"))
    for (model, layer), some in groups(rows, "model", "layer").items():
        body.append([f"`{short(model)}`", f"`{layer}`", *(
            number(row[statistic], digits) for row in _complete(some, layer, categories))])
        paper = PAPER[statistic].get(some[0]["finetuned"] or layer, {})
        if paper and UNLABELLED not in categories:
            body.append(["the paper", f"`{layer}`", *(paper.get(c, "") for c in categories)])
    return body


def verdict(rows) -> Verdict:
    text = "fine-tuning makes units favour heads far more than text"
    tops = {model: {row["category"]: row["top"] for row in some if row["layer"] == LAST}
            for model, some in groups(rows, "model").items()}
    before, stimuli = tops[UNTRAINED], rows[0]["stimuli"]
    tuned = {model: top for model, top in tops.items() if model != UNTRAINED}
    known = all({"person head", "text"} <= set(top) for top in tops.values())
    if stimuli < LEAST or not known or not tuned:
        return Verdict(None, f"{text}: not tested, there are labels of {_counted(stimuli)} "
                       f"({', '.join(before)}) and "
                       f"{len(tuned)} fine-tuned models; it takes OSIE-SR's labels of at least "
                       f"{LEAST} stimuli with categories")
    paper = [PAPER["top"][FEW][c] - PAPER["top"][LAST][c] for c in ("person head", "text")]
    gains = {model: [top[c] - before[c] for c in ("person head", "text")]
             for model, top in tuned.items()}
    return Verdict(all(head > max(letters, 0) for head, letters in gains.values()), (
        f"{text} (with {FEW} layers {paper[0]:+.2f} and {paper[1]:+.2f} NSS); ours "
        + "; ".join(f"{short(model)} {head:+.2f} and {letters:+.2f}"
                    for model, (head, letters) in gains.items())))


def show(setting, rows) -> list:
    """Draw Figure 1, stimuli and labels, and Figure 4, the gain of each fine-tuned model."""
    dataset, labels, _, _ = _labelled(setting)
    load, strip = pipeline.stimulus_loader(dataset), []
    for index in [i for i, n in enumerate(dataset.names) if str(n) in labels.instances][:SHOWN]:
        size = tuple(int(s) for s in dataset.sizes[index])
        drawn = np.zeros(size)
        for place, region in enumerate(labels.regions(str(dataset.names[index]), size), 1):
            drawn[region.mask] = place
        strip.append((load(index).numpy(), drawn, str(dataset.names[index])))
    paths = [setting.scratch / "labels.png"]
    plots.sample_strip(strip, paths[0], ("stimulus", "regions"))
    tops = {short(model): {row["category"]: row["top"] for row in some if row["layer"] == LAST}
            for model, some in groups(rows, "model").items()}
    gains = {model: {c: (top[c] - tops[UNTRAINED][c]) if "" not in (top[c], tops[UNTRAINED][c])
                     else np.nan for c in tops[UNTRAINED]}
             for model, top in tops.items() if model != UNTRAINED}
    if gains:
        paths.append(setting.scratch / "gains.png")
        improvement_figure(gains, LAST, UNTRAINED, paths[1])
    return paths
