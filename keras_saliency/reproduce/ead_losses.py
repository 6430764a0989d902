"""EAD's comparison of pixel-wise losses (Table 2 of the paper).

By default as the paper has it: all layers train on 900 stimuli of MIT1003 with Adam 5e-5, x0.1
after each epoch, without mirror images, and 103 other stimuli are scored. Departures: it starts
from ImageNet, the paper from its training on SALICON, `--set model.weights=runs/ead_salicon`;
several seeds for one; and as the paper names neither batch size nor number of epochs, 1 and 3 are
chosen.
"""
import json
from pathlib import Path

import numpy as np

from keras_saliency import config as configs
from keras_saliency.config import Config
from keras_saliency.files import atomic_path
from keras_saliency.reproduce.spec import ResultSpec
from keras_saliency.training import fit, run_results

# loss -> NSS, CC, AUC, SIM of the paper's Table 2 (MIT1003)
PAPER = {
    "l1": (2.388, 0.684, 0.855, 0.556),
    "l2": (2.389, 0.686, 0.881, 0.532),
    "bce": (2.083, 0.614, 0.851, 0.488),
    "ead": (2.404, 0.701, 0.869, 0.570),
}
METRICS = ("nss", "cc", "auc_judd", "sim")


def run(config: Config, seeds=(1, 2, 3), log=print) -> dict:
    """Train the model of `config` with each loss and seed, and tabulate the validation scores.

    Runs lie in `<output>/<name>/<loss>_<seed>`; those that are finished are not trained again, so
    an interrupted table continues. Everything but loss and seed is as `config` says, except that
    `bce` needs a sigmoid at the end.

    Returns:
        {loss: {metric: [score of each seed]}}; also written to `loss_table.json` and, as a table
        with the paper's, `loss_table.md` beside the runs.
    """
    folder, scores = config.folder, {}
    for loss in PAPER:
        for seed in seeds:
            summary = folder / f"{loss}_{seed}" / "scores.json"
            if not summary.is_file():
                log(f"training with {loss}, seed {seed}")
                finished = fit.train(_with(config, loss, seed), resume=True, log=log)
                if not finished.finished:
                    raise KeyboardInterrupt
                run_results.write(finished, log=log)
            metrics = json.loads(summary.read_text(encoding="utf-8"))["metrics"]
            for metric in METRICS:
                scores.setdefault(loss, {}).setdefault(metric, []).append(
                    metrics[metric]["mean"])
    table = describe(scores)
    with atomic_path(folder / "loss_table.json") as temporary:
        temporary.write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    with atomic_path(folder / "loss_table.md") as temporary:
        temporary.write_text(table + "\n", encoding="utf-8")
    log(f"\n{table}\n\nthe same as numbers: {folder / 'loss_table.json'}")
    return scores


def describe(scores: dict) -> str:
    """Markdown: mean and standard deviation (N - 1) over seeds, the paper's numbers beside."""
    lines = ["| loss | NSS | CC | AUC-Judd | SIM | paper's NSS | CC | AUC | SIM |",
             "| --- " * 9 + "|"]
    for loss, values in scores.items():
        cells = [f"{np.mean(v):.3f} ± {np.std(v, ddof=1) if len(v) > 1 else 0:.3f}"
                 for v in (values[metric] for metric in METRICS)]
        cells += [f"{value:.3f}" for value in PAPER[loss]]
        lines.append(f"| `{loss}` | " + " | ".join(cells) + " |")

    def order(key):
        return " > ".join(sorted(scores, key=key, reverse=True))

    lines.append(f"\nOrder by NSS: {order(lambda k: np.mean(scores[k]['nss']))}; "
                 f"in the paper: {order(lambda k: PAPER[k][0])}.")
    return "\n".join(lines)


def _with(config: Config, loss: str, seed: int) -> Config:
    values = configs.to_dict(config)
    values["output"], values["name"] = str(Path(config.output) / config.name), f"{loss}_{seed}"
    values["train"].update(loss={loss: 1.0}, seed=seed)
    values["model"]["options"] = {**values["model"]["options"], "sigmoid": loss == "bce"}
    return configs.from_dict(values)


SPEC = ResultSpec(
    run, "EAD trained with l1, l2, bce and ead, three seeds each (Table 2 of the EAD paper); a "
    "stopped table continues where it was.", "ead_mit1003.yaml")
