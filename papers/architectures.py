"""Layers of the networks beside the facts that the papers state.

MSI-Net's Figure 2, EAD's Figure 1 and Table 1, Figure 10 of He et al. 2019, DeepGaze I's Figure 2,
SalNet's Figures 2 and 4.
"""
import re

from keras_saliency import config as configs
from keras_saliency.models import build_model
from keras_saliency.models.complexity import layer_costs, total
from papers.making.rows import groups
from papers.making.spec import Table, Verdict
from papers.shared.architecture_facts import FACTS, Network, stated, times
from papers.shared.scene_training import scene_classifier

TITLE = "The architectures"
ABOUT = (
    "Every network built at the size of its paper, without weights: its layers (of the encoder "
    "the ends of the blocks) with their outputs and parameters, and the facts that the papers "
    "state, read off the network and off the recipe of its training. EAD's text halves the maps "
    "in each of four blocks and yet has 64 before the last convolution, which four halvings of "
    "512 do not give; the 64 is what is built. Of EAD's Table 1 the networks that are here are "
    "compared; it says K-L of Salicon's loss, OpenSALICON is another author's network with "
    "cross-entropy, and Deepnet's 8 layers are SalNet's convolutions, 9, but for the one that "
    "makes a map.")
KEYS = ("network",)

SCENES = "scene_classifier"  # Figure 10; it is not in MODELS
# name of a part -> (network, options, (h, w), recipe of its loss)
NETWORKS = {
    "msi_net": ("msi_net", {}, (240, 320), "msi_net_salicon"),
    "ead": ("ead", {}, (240, 320), "ead_salicon"),
    "vgg_linear": ("vgg_linear", {}, (224, 224), "vgg_linear_salicon_setup1"),
    "deepgaze1": ("deepgaze1", {"backbone": "alexnet", "layer_subset": {"from": 1, "to": 5}},
                  (768, 1024), None),
    "salnet_deep": ("salnet_deep", {}, (240, 320), "salnet_deep_salicon"),
    "salnet_shallow": ("salnet_shallow", {}, (96, 96), "salnet_shallow_salicon"),
    "salnet_shallow_isun": ("salnet_shallow", {"filters": 64}, (96, 96), "salnet_shallow_isun"),
    SCENES: (SCENES, {"scenes": 10}, (224, 224), None),
    "salgan": ("salgan", {}, (192, 256), "salgan_salicon"),
    "opensalicon": ("opensalicon", {}, (576, 768), None),
}
# Layers that are not listed: scaling, padding, reordering, convolutions inside encoder blocks
HIDDEN = re.compile(r"(.*preprocess|halve|.*padding|.*block\d_conv[12]|.*block[34]_conv3"
                    r"|alexnet_.*_(scale|readout|enlarge)|channels_first|flatten|decoder\d_add)$")


def parts(setting) -> list:
    return [(name,) for name in (("ead", "salnet_shallow") if setting.quick else NETWORKS)]


def measure(setting, network) -> list:
    """Build a network; a row for each listed layer and each fact that a paper states."""
    name, options, size, recipe = NETWORKS[network]
    model = scene_classifier(**options) if name == SCENES else build_model(name, **options)
    costs = layer_costs(model, size)
    loss = None if recipe is None else configs.load(setting.recipes / f"{recipe}.yaml").train.loss
    built = Network(model, {cost.name: cost for cost in costs}, total(costs), size, loss)
    layers = [{"kind": "layer", "name": cost.name, "output": times(cost.shape),
               "parameters": cost.parameters} for cost in costs if not HIDDEN.match(cost.name)]
    return layers + [{"kind": "fact", "name": fact, "paper": paper, "ours": stated(ours(built))}
                     for fact, paper, ours in FACTS[network]]


def tables(rows) -> list:
    found = [Table("What the papers state:", ["network", "", "paper", "ours"], [
        [f"`{row['network']}`", row["name"], row["paper"], row["ours"]] for row in rows
        if row["kind"] == "fact"])]
    for network, some in groups(rows, "network").items():
        height, width = NETWORKS[network][2]
        found.append(Table(f"`{network}` at {height}x{width}:", ["layer", "output", "parameters"], [
            [f"`{row['name']}`", row["output"], f"{row['parameters']:,}"] for row in some
            if row["kind"] == "layer"]))
    return found


def verdict(rows) -> Verdict:
    facts = [row for row in rows if row["kind"] == "fact"]
    wrong = [f"{row['network']}: {row['name']} {row['paper']}, ours {row['ours']}"
             for row in facts if str(row["paper"]) != str(row["ours"])]
    failed = f"; not so: {'; '.join(wrong)}" if wrong else ""
    return Verdict(bool(facts) and not wrong,
                   f"the networks are those that the papers describe: {len(facts) - len(wrong)} of "
                   f"{len(facts)} stated facts hold{failed}")
