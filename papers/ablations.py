"""MSI-Net without its ASPP module and without the concatenation of encoder levels.

Kroner et al. 2020, Table 6 and Table A.8: several trainings of each, paired over the trainings.
"""
import numpy as np

from keras_saliency.evaluation.statistics import paired_p_value
from keras_saliency.metrics import METRICS
from papers.making.rows import column, groups, number, spread
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import trained

TITLE = "MSI-Net with and without ASPP and concatenation"
ABOUT = (
    "Trained on 500 stimuli of OSIE at 240x320 (scored at 16 pixels of blur) and on 803 of "
    "MIT1003 at 360x360 (published maps), from ImageNet, for one epoch with the authors' loss, "
    "Adam 1e-4, batch 2, encoder blocks 1 to 4 frozen, in bfloat16 where the processor has it; "
    "the paper fine-tunes all layers for 10 epochs from SALICON, ten times.")
KEYS = ("dataset", "seed", "variant")
DATA = ("osie", "mit1003")
RECIPE = "msi_net_osie_cpu.yaml"

FULL = "full"
VARIANTS = {FULL: {}, "no_aspp": {"aspp": False}, "no_concat": {"multi_level": False}}
TITLES = {FULL: "MSI-Net", "no_aspp": "without ASPP", "no_concat": "without concatenation"}
COLUMNS = {name: METRICS[name].label for name in (
    "auc_judd", "sim", "emd", "auc_borji", "auc_shuffled", "cc", "nss", "kld")}
_PAPER = numbers("msi_net", "ablations")
PAPER = _PAPER["means"]  # lists in the order of COLUMNS
STARS = {dataset: {variant: set(metrics) for variant, metrics in variants.items()}
         for dataset, variants in _PAPER["stars"].items()}
SEEDS, SIGNIFICANT = (1, 2, 3, 4, 5), 0.05


def parts(setting) -> list:
    if setting.quick:
        return [("osie", 1, FULL), ("osie", 1, "no_aspp")]
    return [(dataset, seed, variant)
            for dataset in ("osie", "mit1003") for seed in SEEDS for variant in VARIANTS]


def measure(setting, dataset, seed, variant) -> list:
    """Train one network on one dataset and score its validation stimuli."""
    config = setting.config(
        RECIPE, run_name(dataset, variant, seed), setting.section(dataset, upright=False),
        model={"options": {"preprocessing": "caffe", **VARIANTS[variant]}},
        train={"epochs": 1, "seed": seed, "cache": "disk", "precision": "auto",
               # the frozen blocks do not depend on the seed
               "cache_folder": str(setting.scratch / f"responses_{dataset}_{variant}")},
        evaluation={"metrics": list(COLUMNS), "every": ["nss"]})
    scores = trained.scores(trained.train(config, setting.log))
    return [{name: scores[name] for name in COLUMNS}]


def run_name(dataset, variant, seed) -> str:
    """Return the name of a training's folder in `scratch`."""
    return f"{dataset}_{variant}_{seed}"


def tables(rows) -> list:
    found = []
    for dataset, some in groups(rows, "dataset").items():
        body = []
        for variant, its in groups(some, "variant").items():
            better = _better(some, variant)
            body.append([TITLES[variant], len(its), *(
                f"{spread(column(its, name))}{'*' * (name in better)}" for name in COLUMNS)])
            stars = STARS[dataset].get(variant, ())
            body.append([f"{TITLES[variant]}, paper", 10, *(
                f"{number(value)}{'*' * (name in stars)}"
                for name, value in zip(COLUMNS, PAPER[dataset][variant]))])
        found.append(Table(
            f"{dataset.upper()}, mean and standard deviation over trainings; a star at a network "
            "without a part: MSI-Net is better by a one-sided t-test paired over the trainings, "
            "p < 0.05:", ["network", "trainings", *COLUMNS.values()], body))
    return found


def verdict(rows) -> Verdict:
    half = len(COLUMNS) / 2
    counts = {(dataset, variant): (len(_better(some, variant)), len(STARS[dataset][variant]))
              for dataset, some in groups(rows, "dataset").items()
              for variant in groups(some, "variant") if variant != FULL}
    return Verdict(
        all(ours > half for ours, paper in counts.values() if paper > half),
        "ASPP helps significantly on most of the eight metrics on both datasets, the concatenation "
        "on OSIE; ours (the paper's): " + "; ".join(
            f"better than {TITLES[variant]} on {ours} ({paper}) on {dataset.upper()}"
            for (dataset, variant), (ours, paper) in counts.items()))


def _better(rows, variant) -> list:
    """Metrics on which the full network is significantly better than a variant, over the seeds
    that both have."""
    scores = groups(rows, "variant")
    if variant == FULL or FULL not in scores:
        return []
    pairs = [{row["seed"]: row for row in scores[name]} for name in (FULL, variant)]
    seeds = sorted(set(pairs[0]) & set(pairs[1]))
    if len(seeds) < 2:
        return []
    values = {name: [np.array([its[seed][name] for seed in seeds], np.float64) for its in pairs]
              for name in COLUMNS}
    return [name for name, (full, without) in values.items() if paired_p_value(
        full, without, METRICS[name].higher_is_better) < SIGNIFICANT]
