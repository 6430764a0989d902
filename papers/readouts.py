"""VGG readouts with 0 to 6 and all convolutions fine-tuned.

He, Tavakoli, Borji, Mi and Pugeault 2019: Setup I and II, section 5.2 (does fine-tuning more than
3 layers help?) and Table 6 (pop-out targets in block5_conv3).
"""
import numpy as np

from keras_saliency.units.regions import score_targets
from keras_saliency.units.statistics import mean_of_top
from papers.making.rows import column, groups, spread
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import trained
from papers.shared.studied import READOUT_CANVAS

TITLE = "VGG readouts and how many layers are fine-tuned"
ABOUT = (
    "A 1x1 readout of VGG16's `block5_conv3` is trained by NSS, alone (0: Setup I) or with the "
    "last 1 to 6 or all 13 convolutions (Setup II). The paper trains on SALICON's 10,000 stimuli "
    "for 20 epochs; here 450 of OSIE's training stimuli train, at the paper's 224x224, for 8 "
    "epochs with the rate times 0.8 after each (in bfloat16 where the processor has it), 50 "
    "others of them choose the epoch by NSS, and the 200 validation stimuli are scored (CC at 16 "
    "pixels). NMM is over 80 generated pop-out arrays of 480x640, in place of the paper's 80. One "
    "training of each, so small differences of NSS mean little: 0.01 counts as equal.")
KEYS = ("layers", "seed")
DATA = ("osie",)
RECIPE = "vgg_linear_osie_setup2_k1.yaml"

PAPER_NMM = numbers("understanding", "readouts")
LAYERS = tuple(PAPER_NMM)
OUTPUT_LAYER, MIDDLE_LAYER = "block5_conv3", "block4_conv1"
METRICS = ("nss", "cc", "auc_judd", "auc_shuffled")
FEW, ENOUGH = (0, 1, 2, 3), 0.01  # gain in NSS that more layers would need
SEEDS = (1,)
HELD_OUT = 50            # training stimuli that choose the epoch
RUN = "finetuned_{}_{}"  # of layers and seed


def parts(setting) -> list:
    return [(layers, seed) for seed in SEEDS for layers in (LAYERS[::7] if setting.quick
                                                            else LAYERS)]


def measure(setting, layers, seed) -> list:
    """Train the readout and the last `layers` convolutions; score stimuli and pop-out arrays."""
    canvas, fit = READOUT_CANVAS
    run = trained.train(setting.config(
        RECIPE, RUN.format(layers, seed),
        setting.section("osie", canvas=list(canvas), fit=fit, hold_out=HELD_OUT),
        train={"finetune_layers": layers, "seed": seed, "precision": "auto"},
        evaluation={"metrics": list(METRICS)}), setting.log)
    targets = score_targets(run.model, [OUTPUT_LAYER, MIDDLE_LAYER], setting.arrays(),
                            run.section.spec.canvas)
    return [{"epoch": run.best["epoch"], **trained.scores(run),
             **{f"nmm_{layer}": mean_of_top(moments) for layer, moments in targets.items()}}]


def tables(rows) -> list:
    names = (*METRICS, f"nmm_{OUTPUT_LAYER}", f"nmm_{MIDDLE_LAYER}")
    body = [[layers, *(spread(column(some, name)) for name in names), PAPER_NMM[layers]]
            for layers, some in groups(rows, "layers").items()]
    return [Table("Convolutions that are fine-tuned; scores of the validation stimuli; mean NMM "
                  "of the ten best units of two layers on pop-out arrays (Table 6):",
                  ["layers", "NSS", "CC", "AUC-Judd", "shuffled AUC", f"NMM, `{OUTPUT_LAYER}`",
                   f"NMM, `{MIDDLE_LAYER}`", f"paper's NMM, `{OUTPUT_LAYER}`"], body)]


def verdict(rows) -> Verdict:
    found = groups(rows, "layers")
    nss = {layers: np.mean(column(some, "nss")) for layers, some in found.items()}
    few, more = ({layers: value for layers, value in nss.items() if (layers in FEW) == small}
                 for small in (True, False))
    best_few, best_more = max(few, key=few.get), max(more, key=more.get)
    output, middle = (column(rows, f"nmm_{layer}") for layer in (OUTPUT_LAYER, MIDDLE_LAYER))
    saturated = more[best_more] <= few[best_few] + ENOUGH
    stays = bool((output < middle).all())
    return Verdict(bool(saturated and stays), (
        "more than 3 fine-tuned layers predict no better, and none brings pop-out into "
        f"{OUTPUT_LAYER}; ours: NSS at most {few[best_few]:.3f} with {best_few}, "
        f"{more[best_more]:.3f} with {best_more} ({'shown' if saturated else 'not shown'}); NMM "
        f"of {OUTPUT_LAYER} at most {output.max():.2f}, of {MIDDLE_LAYER} at least "
        f"{middle.min():.2f} ({'shown' if stays else 'not shown'})"))
