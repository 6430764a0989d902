"""Stimuli that a network fails on (Kroner et al. 2020, Figure 4)."""
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, density_of, score_predictions
from keras_saliency.evaluation.sources import BASELINES
from keras_saliency.prediction.predictor import predict, predictor
from keras_saliency.report import plots
from papers.figures.marked_pictures import with_fixations
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.shared.scored import evaluation_of
from papers.shared.studied import short

TITLE = "Where MSI-Net fails"
ABOUT = (
    "NSS of every validation stimulus of OSIE for the models of `--weights` (by default "
    "`msi_net`), for the other observers' fixations (the leave-one-observer-out gold standard) "
    "and for the center bias; the worst are those furthest below the gold standard. The paper "
    "chose four stimuli of CAT2000 by eye and names the reason of each (an occluded face, small "
    "text, the direction of gaze, a contrast of low level); here they are chosen by number, and "
    "the picture, which holds stimuli, is not committed.")
KEYS = ("model",)
DATA = ("osie",)
OPTIONS = ("weights",)

MODELS, QUICK_MODELS = ("msi_net",), ("itti",)
REFERENCES = ("gold_standard", "center_bias")
LISTED, SHOWN = 10, 6  # stimuli in the table and in the picture
CASES = 4    # failures that the paper shows
SHARE = 0.5  # share of the observers' NSS below which a network has failed


def parts(setting) -> list:
    return [(str(name),) for name in setting.weights or (
        QUICK_MODELS if setting.quick else MODELS)]


def measure(setting, model) -> list:
    """Return a row for each validation stimulus, the worst first.

    It has the NSS of the model, the gold standard (the other observers' fixations) and the center
    bias, and the distance of the model below the gold standard.
    """
    training, stimuli, spec = load_data(setting.data("osie"))
    scorer = Scorer(stimuli, spec.sigma, ["nss"], training)
    found = {"nss": evaluation_of(model, stimuli, spec.sigma, ["nss"], label=short(model))}
    for name in REFERENCES:
        found[name] = score_predictions(BASELINES[name](scorer), scorer, name)
    rows = [{"stimulus": name, **{key: result.scores["nss"][index]
                                  for key, result in found.items()}}
            for index, name in enumerate(stimuli.names)]
    rows = [{**row, "below_gold": row["gold_standard"] - row["nss"]} for row in rows]
    return sorted(rows, key=lambda row: -row["below_gold"])


def tables(rows) -> list:
    return [Table(f"`{short(model)}`: the {min(LISTED, len(some))} of {len(some)} validation "
                  "stimuli where its NSS is furthest below that of the other observers; "
                  f"{_failed(some)} have less than half of it:",
                  ["stimulus", "NSS", "gold standard", "center bias", "below the gold standard"],
                  [[row["stimulus"], *(number(row[name], 2) for name in (
                      "nss", *REFERENCES, "below_gold"))] for row in some[:LISTED]])
            for model, some in groups(rows, "model").items()]


def _failed(rows) -> int:
    """Count the stimuli on which a model has less than `SHARE` of the observers' NSS."""
    return int((column(rows, "nss") < SHARE * column(rows, "gold_standard")).sum())


def verdict(rows) -> Verdict:
    texts, holds = [], True
    for model, some in groups(rows, "model").items():
        failed, means = _failed(some), [column(some, name).mean() for name in ("nss", *REFERENCES)]
        # failures of a model that is wrong everywhere do not stand out
        holds = holds and CASES <= failed < len(some) / 2
        texts.append(f"{short(model)} fails on {failed} of {len(some)} (mean NSS {means[0]:.2f}, "
                     f"observers {means[1]:.2f}, center bias {means[2]:.2f}), worst at "
                     f"{some[0]['stimulus']} ({some[0]['nss']:.2f} of "
                     f"{some[0]['gold_standard']:.2f})")
    return Verdict(holds, "single stimuli remain, at least four, whose fixations the network does "
                   f"not find (below half of the observers' NSS) while it does on most: "
                   f"{'; '.join(texts)}")


def show(setting, rows) -> list:
    """Draw the worst stimuli of each model: fixations, density, the model's map."""
    _, stimuli, spec = load_data(setting.data("osie"))
    load, place = pipeline.stimulus_loader(stimuli), stimuli.names.index
    paths = []
    for model, some in groups(rows, "model").items():
        network, strip = predictor(model), []
        for row in some[:SHOWN]:
            index = place(str(row["stimulus"]))
            image = load(index).numpy()
            strip.append((with_fixations(image, stimuli.fixations.of(index)),
                          density_of(stimuli, index, spec.sigma), predict(network, image),
                          f"{row['stimulus']} NSS {row['nss']:.2f} of "
                          f"{row['gold_standard']:.2f}"))
        paths.append(setting.scratch / f"failures_{short(model)}.png")
        plots.sample_strip(strip, paths[-1], ("fixations", "fixation density", short(model)))
    return paths
