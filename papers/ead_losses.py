"""EAD's comparison of pixel-wise losses (He, Borji, Mi and Pugeault 2018, Table 2)."""
import numpy as np

from papers.making.rows import column, groups, number, spread
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import trained

TITLE = "Losses of EAD"
ABOUT = (
    "EAD is trained on 450 stimuli of OSIE for 2 epochs as `configs/ead_osie_cpu.yaml` says, with "
    "a thousandth of `l2` in its loss (of `bce` below the sigmoid that `bce` needs), which brings "
    "its maps to the scale of densities; from there with each pixel-wise loss on 850 of MIT1003 "
    "for 3 epochs (encoder blocks 1 to 4 frozen, batch 2, Adam 5e-5 and a tenth of it after each "
    "epoch). 50 other training stimuli of each set choose the epoch by NSS. The paper starts from "
    "SALICON; from ImageNet, with the pixel-wise loss alone, our network does not leave 0 on OSIE "
    "(NSS at most 0.06 in 4 epochs of `l1` and 0.00 in 3 of `l2`). The 103 stimuli that are "
    "scored, by the published maps, are drawn by us: the paper names none.")
KEYS = ("loss", "seed")
DATA = ("osie", "mit1003")
RECIPE = "ead_mit1003.yaml"

PAPER = numbers("ead", "ead_losses")
METRICS = ("nss", "cc", "auc_judd", "sim")
SEEDS = (1, 2, 3)
# Recipe of the first training, and for each output layer the loss that brings its maps to the scale
# of densities while the recipe's losses give them their shape. With a pixel-wise loss alone the
# maps of a network from ImageNet stay at 0.
FIRST, SCALE, SCALE_WEIGHT = "ead_osie_cpu.yaml", {"linear": "l2", "sigmoid": "bce"}, 1e-3
CANVAS = (240, 320)       # of the paper; stimuli are stretched to it
FIRST_EPOCHS, EPOCHS = 2, 3
HELD_OUT = 50             # training stimuli of each dataset that choose the epoch


def parts(setting) -> list:
    if setting.quick:
        return [("bce", 1), ("ead", 1)]
    return [(loss, seed) for seed in SEEDS for loss in PAPER]


def measure(setting, loss, seed) -> list:
    """Train EAD on OSIE, then with one loss on MIT1003, and score MIT1003's validation stimuli."""
    output = "sigmoid" if loss == "bce" else "linear"
    first = _config(setting, FIRST, "osie", output, output, seed, {
        "epochs": FIRST_EPOCHS, "mirror": False})
    first.train.loss[SCALE[output]] = SCALE_WEIGHT
    first = trained.train(first, setting.log)
    config = _config(setting, RECIPE, "mit1003", loss, output, seed, {
        "epochs": EPOCHS, "loss": {loss: 1.0}}, train=900, validation=103, upright=False)
    config.model.encoder_weights, config.model.weights = None, str(first.folder)
    scores = trained.scores(trained.train(config, setting.log))
    return [{"osie_epoch": first.best["epoch"], **{metric: scores[metric] for metric in METRICS}}]


def _config(setting, recipe, dataset, name, output, seed, training, **section):
    """Return the config of one training, whose run is named `<dataset>_<name>_<seed>`."""
    return setting.config(
        recipe, f"{dataset}_{name}_{seed}",
        setting.section(dataset, canvas=list(CANVAS), fit="stretch", hold_out=HELD_OUT, **section),
        model={"options": {"sigmoid": output == "sigmoid"}},
        train={"seed": seed, "batch": 2, "precision": "auto", "monitor": "val_nss",
               "freeze": "block4", "cache": "disk",
               # the frozen blocks do not depend on loss and seed
               "cache_folder": str(setting.scratch / f"responses_{dataset}"), **training},
        evaluation={"metrics": list(METRICS), "every": ["nss"]})


def tables(rows) -> list:
    body = [[f"`{loss}`", *(spread(column(some, metric)) for metric in METRICS),
             *(number(value) for value in PAPER[loss])]
            for loss, some in groups(rows, "loss").items()]
    return [Table("Mean and standard deviation over the seeds, and the paper's single trainings:",
                  ["loss", "NSS", "CC", "AUC-Judd", "SIM", "paper's NSS", "CC", "AUC", "SIM"],
                  body)]


def verdict(rows) -> Verdict:
    nss = {loss: column(some, "nss") for loss, some in groups(rows, "loss").items()}
    order = sorted(nss, key=lambda loss: -np.mean(nss[loss]))
    return Verdict(order[0] == "ead",
                   "the EAD loss gives the highest NSS "
                   f"({' > '.join(sorted(PAPER, key=lambda loss: -PAPER[loss][0]))}); ours: "
                   + " > ".join(f"{loss} {spread(nss[loss])}" for loss in order))
