"""JuntingNet against classical models (Pan et al. 2016, the metrics of Tables 3 to 6)."""
from keras_saliency import metrics
from keras_saliency.datasets.loading import load_data
from papers.making.rows import groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import trained
from papers.shared.scored import evaluation_of

TITLE = "SalNet's shallow network against classical models"
ABOUT = (
    "JuntingNet trained from scratch at its own 96x96 on 450 stimuli of OSIE and on 753 of "
    "MIT1003 (stretched, mirrored; some 2,400 updates of 64 examples with the paper's rates and "
    "momentum), with 50 other training stimuli to choose the epoch, and scored on their 200 "
    "validation stimuli each at their own size; the paper trains on SALICON's 10,000 and iSUN's "
    "6,000 for 1,000 epochs, some 60,000 updates, and scores their test sets, which are not at "
    "hand. Densities are blurred by 16 pixels (OSIE) or the published ones (MIT1003); itti, gbvs "
    "and bms are this package's, with their default options. Table 6 scores MIT300, whose "
    "fixations its benchmark keeps.")
KEYS = ("dataset", "model")
DATA = ("osie", "mit1003")
RECIPE = "salnet_shallow_osie.yaml"

SHALLOW, CLASSICAL = "salnet_shallow", ("itti", "gbvs", "bms")
METRICS = {name: metrics.METRICS[name].label
           for name in ("sim", "cc", "auc_shuffled", "auc_borji", "auc_judd")}
_PAPER = numbers("salnet", "salnet")
PAPER, PAPER_BOTH = _PAPER["models"], _PAPER["both"]  # Tables 3 and 4; Table 5
HELD_OUT = 50  # training stimuli that choose the epoch
# An epoch of some 4,000 examples: 450 stimuli of OSIE, 753 of MIT1003
WEIGHTS = {"osie": 9.0, "mit1003": 5.0}
CANVAS = (96, 96)
# the paper's network wins by these; by shuffled AUC it loses to BMS in Table 4
CLAIMED = ("sim", "cc", "auc_borji", "auc_judd")


def parts(setting) -> list:
    datasets, classical = (("osie",), ("itti", "bms")) if setting.quick else (DATA, CLASSICAL)
    return [(dataset, model) for dataset in datasets for model in (SHALLOW, *classical)]


def measure(setting, dataset, model) -> list:
    """Score a model on the validation stimuli; JuntingNet is trained on the dataset first."""
    training, stimuli, spec = load_data(setting.data(dataset))
    if model == SHALLOW:
        run = trained.train(training_config(setting, dataset), setting.log)
        scores = {**trained.scores(run), "epoch": run.best["epoch"]}
    else:
        result = evaluation_of(model, stimuli, spec.sigma, list(METRICS), training,
                               f"{dataset}, {model}")
        scores = {**result.means(), "epoch": ""}
    return [{**{name: scores[name] for name in (*METRICS, "epoch")}, "stimuli": len(stimuli)}]


def training_config(setting, dataset):
    """Return the config of JuntingNet on a dataset, whose run is named like the dataset."""
    data = {**setting.section(dataset, hold_out=HELD_OUT), "canvas": list(CANVAS), "fit": "stretch",
            "upright": False, "weight": 1.0 if setting.quick else WEIGHTS[dataset]}
    return setting.config(RECIPE, dataset, data, evaluation={"metrics": list(METRICS)})


def tables(rows) -> list:
    found = []
    for dataset, some in groups(rows, "dataset").items():
        body = [[f"`{row['model']}`", *(number(row[name]) for name in METRICS)] for row in some]
        body += [[f"`{model}`, the paper on {theirs}", *map(number, values)]
                 for theirs, models in PAPER.items() for model, values in models.items()]
        found.append(Table(f"{dataset.upper()}, means over {some[0]['stimuli']} validation stimuli "
                           "(Tables 3 and 4):", ["model", *METRICS.values()], body))
    body = [[where, *(f"{a:.2f} / {b:.2f}" for a, b in zip(*both))]
            for where, both in PAPER_BOTH.items()]
    found.append(Table("The paper's shallow / deep network (Table 5); ours of the deep one are in "
                       "`salnet_deep`:", ["on", "CC", "shuffled AUC", "AUC-Borji"], body))
    return found


def verdict(rows) -> Verdict:
    texts, holds = [], True
    for dataset, some in groups(rows, "dataset").items():
        scores = {row["model"]: row for row in some}
        best = {name: max((model for model in scores if model != SHALLOW),
                          key=lambda model, name=name: scores[model][name]) for name in CLAIMED}
        won = [name for name in CLAIMED if scores[SHALLOW][name] > scores[best[name]][name]]
        holds = holds and len(won) == len(CLAIMED)
        texts.append(f"{dataset.upper()}: on {len(won)} of {len(CLAIMED)}, CC "
                     f"{scores[SHALLOW]['cc']:.3f} against {scores[best['cc']]['cc']:.3f} of "
                     f"{best['cc']}")
    return Verdict(holds, "the shallow network is better than Itti, GBVS and BMS by SIM, CC, "
                   f"AUC-Borji and AUC-Judd; ours: {'; '.join(texts)}")
