"""EAD's comparison of pixel-wise losses (He, Borji, Mi and Pugeault 2018, Table 2)."""
import numpy as np

from keras_saliency.reproduce import trained
from keras_saliency.reproduce.numbers import column, groups, number, spread
from keras_saliency.reproduce.spec import ResultSpec, Table, Verdict

# loss -> NSS, CC, AUC, SIM of the paper's Table 2 (MIT1003)
PAPER = {
    "l1": (2.388, 0.684, 0.855, 0.556),
    "l2": (2.389, 0.686, 0.881, 0.532),
    "bce": (2.083, 0.614, 0.851, 0.488),
    "ead": (2.404, 0.701, 0.869, 0.570),
}
METRICS = ("nss", "cc", "auc_judd", "sim")
SEEDS = (1, 2, 3)


def parts(setting) -> list:
    if setting.quick:
        return [("bce", 1), ("ead", 1)]
    return [(loss, seed) for seed in SEEDS for loss in PAPER]


def measure(setting, loss, seed) -> list:
    """Train EAD with one loss and score the validation stimuli; `bce` needs a sigmoid."""
    config = setting.config(SPEC.recipe, f"{loss}_{seed}", setting.section(
        "mit1003", train=900, validation=103), model={"options": {"sigmoid": loss == "bce"}},
        train={"loss": {loss: 1.0}, "seed": seed})
    scores = trained.scores(trained.train(config, setting.log))
    return [{metric: scores[metric] for metric in METRICS}]


def tables(rows) -> list:
    body = [[f"`{loss}`", *(spread(column(some, metric)) for metric in METRICS),
             *(number(value) for value in PAPER[loss])]
            for loss, some in groups(rows, "loss").items()]
    return [Table("Mean and standard deviation over the seeds, and the paper's single trainings:",
                  ["loss", "NSS", "CC", "AUC-Judd", "SIM", "paper's NSS", "CC", "AUC", "SIM"],
                  body)]


def verdict(rows) -> Verdict:
    nss = {loss: np.mean(column(some, "nss")) for loss, some in groups(rows, "loss").items()}
    order = sorted(nss, key=nss.get, reverse=True)
    return Verdict(order[0] == "ead",
                   "the EAD loss gives the highest NSS (ead > l2 > l1 > bce); ours: "
                   + " > ".join(f"{loss} {nss[loss]:.3f}" for loss in order))


SPEC = ResultSpec(
    title="Losses of EAD",
    about="EAD trained with each pixel-wise loss on 900 stimuli of MIT1003 and scored on 103 "
          "others (drawn by us: the paper names neither), by the published maps.",
    keys=("loss", "seed"), parts=parts, measure=measure, tables=tables, verdict=verdict,
    data=("mit1003",), recipe="ead_mit1003.yaml")
