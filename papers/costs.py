"""Costs of the networks: parameters, multiply-adds, memory, speed.

MSI-Net's Tables 3, 4 and 5 (Kroner et al. 2020), SalNet's Table 1 (Pan et al. 2016).
"""
import tensorflow as tf

from keras_saliency.models import MODELS, build_model, list_models
from keras_saliency.models.complexity import layer_costs, total
from papers.making.rows import number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared.speed import machine, seconds_per_image

TITLE = "What the networks cost"
ABOUT = (
    "Parameters, multiply-adds of convolutions and dense layers, and memory of parameters and of "
    "every layer's output in float32 (4 bytes a value), counted from the networks built at the "
    "papers' sizes; images per second are the median of 20 runs of one image after two that do "
    "not count, on a processor and without weights from training, where MSI-Net's authors "
    "measured a graphics card. Their \"GFLOPS\" are our 10^9 multiply-adds (1x; a multiply-add is "
    "two operations, and twice ours would be 91 at 240x320). Their MB is what TensorFlow takes on "
    "the card, which frees outputs that are no longer needed; ours holds all at once, as SalNet's "
    "Table 1 does, whose MB are MiB and whose shallow network's 244.64 is 1.00 below what the "
    "64.4 million parameters that it names take. `opensalicon` stands for SALICON (their readout "
    "has 512 weights, this one 1,024 for two scales), `deepgaze1 (alexnet)` for DeepGaze I "
    "(theirs counts the convolutions of AlexNet without groups).")
KEYS = ("model", "height", "width")

_PAPER = numbers("msi_net", "costs")
PARAMETERS, THEIRS = _PAPER["parameters"], _PAPER["machine"]
# (height, width) -> images/s, MB and "GFLOPS"; datasets of that size
MSI_NET = {tuple(size): values for size, *values in _PAPER["sizes"]}
USED_FOR = {(240, 320): "OSIE", (216, 384): "CAT2000", (360, 360): "MIT1003, DUT-OMRON, PASCAL-S"}
SALNET = numbers("salnet", "costs")  # MB of data and of parameters
VARIANTS = {"deepgaze1 (alexnet)": ("deepgaze1", {"backbone": "alexnet"})}
GIGA, MIB = 1e9, 2 ** 20
RUNS, QUICK_RUNS = 20, 2
NEAR_FLOPS, NEAR_MEMORY = 0.04, 0.06  # shares by which a count may differ from the paper's


def parts(setting) -> list:
    if setting.quick:
        return [("msi_net", 24, 32), ("msi_net", 32, 32), ("salnet_deep", 24, 32)]
    names = list_models(classical=False)
    sizes = [("msi_net", *size) for size in MSI_NET]
    others = [(name, *MODELS[name].canvas) for name in names if name != "msi_net"]
    return sizes + others + [(name, *MODELS[base].canvas) for name, (base, _) in VARIANTS.items()]


def measure(setting, model, height, width) -> list:
    """Count a network's costs for one image and time it on this machine."""
    name, options = VARIANTS.get(model, (model, {}))
    if setting.quick:
        options = {**options, "width_multiplier": 0.03}
    network, size = build_model(name, **options), (height, width)
    cost = total(layer_costs(network, size))
    seconds = seconds_per_image(network, size, QUICK_RUNS if setting.quick else RUNS)
    return [{"parameters": cost.parameters, "multiply_adds": cost.multiply_adds,
             "parameters_mib": cost.parameter_bytes / MIB, "outputs_mib": cost.output_bytes / MIB,
             "images_per_second": 1 / seconds, **machine(), "tensorflow": tf.__version__}]


def tables(rows) -> list:
    return [table for table in (_sizes(rows), _networks(rows), _salnet(rows), _machine(rows))
            if table.rows]


def _sizes(rows) -> Table:
    body = []
    for row in rows:
        size = row["height"], row["width"]
        if row["model"] != "msi_net":
            continue
        body.append([f"{size[0]}x{size[1]}", USED_FOR.get(size, ""),
                     number(row["images_per_second"], 2),
                     number(row["parameters_mib"] + row["outputs_mib"], 0),
                     number(row["multiply_adds"] / GIGA, 1), *MSI_NET.get(size, ("",) * 3)])
    return Table("MSI-Net by size (its Table 4):",
                 ["size", "of", "images/s", "parameters and all outputs, MiB",
                  "10^9 multiply-adds", "paper's images/s", "MB", "GFLOPS"], body)


def _networks(rows) -> Table:
    body = [[f"`{row['model']}`", f"{row['height']}x{row['width']}", f"{row['parameters']:,}",
             f"{PARAMETERS[row['model']]:,}" if row["model"] in PARAMETERS else "",
             number(row["multiply_adds"] / GIGA, 1), number(row["parameters_mib"], 1),
             number(row["outputs_mib"], 1), number(row["images_per_second"], 2)] for row in rows]
    return Table("Every network at the size that it works at (MSI-Net's Table 3):",
                 ["network", "size", "parameters", "paper", "10^9 multiply-adds",
                  "parameters, MiB", "outputs, MiB", "images/s"], body)


def _salnet(rows) -> Table:
    body = [[f"`{row['model']}`", number(row["outputs_mib"], 2), SALNET[row["model"]][0],
             number(row["parameters_mib"], 2), SALNET[row["model"]][1],
             number(2 * row["outputs_mib"] + row["parameters_mib"], 2),
             number(row["outputs_mib"] + row["parameters_mib"], 2)]
            for row in rows if row["model"] in SALNET]
    return Table("SalNet's two networks (its Table 1), MiB; training holds the outputs twice:",
                 ["network", "data", "paper", "parameters", "paper", "in training", "at test time"],
                 body)


def _machine(rows) -> Table:
    row = rows[0]
    return Table("Measured on (MSI-Net's Table 5):", ["", "ours", "paper"], [
        ["processor", f"{row['processor']}, {row['cores']} cores", THEIRS["processor"]],
        ["memory", f"{row['memory_gib']} GiB", THEIRS["memory"]],
        ["software", f"TensorFlow {row['tensorflow']}", THEIRS["software"]]])


def verdict(rows) -> Verdict:
    found = {(row["model"], row["height"], row["width"]): row for row in rows}
    msi_net = {size: found[("msi_net", *size)] for size in MSI_NET if ("msi_net", *size) in found}
    salnet = {row["model"]: row for row in rows if row["model"] in SALNET}
    flops = {size: row["multiply_adds"] / GIGA for size, row in msi_net.items()}
    speed = {size: row["images_per_second"] for size, row in msi_net.items()}
    checks = {
        "MSI-Net has 24,934,209 parameters": bool(msi_net) and all(
            row["parameters"] == PARAMETERS["msi_net"] for row in msi_net.values()),
        "44, 48 and 75 10^9 operations at its three sizes": len(flops) == len(MSI_NET) and all(
            _near(flops[size], paper[2], NEAR_FLOPS) for size, paper in MSI_NET.items()),
        "is slowest at the largest": len(speed) == len(MSI_NET)
        and min(speed, key=speed.get) == (360, 360),
        "SalNet's two need the memory of its Table 1": len(salnet) == len(SALNET) and all(
            _near(row[column], paper, NEAR_MEMORY) for name, row in salnet.items()
            for column, paper in zip(("outputs_mib", "parameters_mib"), SALNET[name]))}
    failed = [text for text, holds in checks.items() if not holds]
    ours = (", ".join(f"{flops[size]:.1f} 10^9 and {speed[size]:.2f} images/s at "
                      f"{size[0]}x{size[1]}" for size in flops) or "none of MSI-Net's sizes")
    return Verdict(not failed, f"{', '.join(checks)}; ours: {ours}"
                   + (f"; not so: {', '.join(failed)}" if failed else ""))


def _near(value, paper, share) -> bool:
    return abs(value / paper - 1) <= share
