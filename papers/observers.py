"""Gap between models and people who predict each other's fixations.

He, Tavakoli, Borji, Mi and Pugeault 2019, Table 1.
"""
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import Scorer, score_predictions
from keras_saliency.evaluation.sources import BASELINES, predictions
from keras_saliency.prediction.predictor import predictor as open_predictor
from papers.making.rows import groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared.studied import short

TITLE = "Models and the people whose fixations they predict"
ABOUT = (
    "MIT300's fixations are not public, so NSS is measured on the 200 validation stimuli each of "
    "OSIE and MIT1003, whose training stimuli most models here were trained on (the paper's "
    "models: MIT300, 39 observers). `gold_standard` predicts each observer from the 14 others: "
    "Gaussians whose width, with a share of uniform density and center bias, is fitted to the "
    "training stimuli for log-likelihood, not for NSS; a model is scored on all fixations at "
    "once. A gap counts as large where the best model has less than 90 % of the observers' NSS. "
    "`--weights` adds models.")
KEYS = ("dataset", "predictor")
DATA = ("osie", "mit1003")
OPTIONS = ("weights",)

_PAPER = numbers("understanding", "observers")
PAPER, PAPER_OBSERVERS = _PAPER["models"], _PAPER["observers"]
MODELS, QUICK_MODELS = ("msi_net", "ead"), ("itti",)
REFERENCES = ("center_bias", "gold_standard")
SHARE = 0.9  # share of the observers' NSS below which a gap is large; the paper's is 0.71


def parts(setting) -> list:
    models = QUICK_MODELS if setting.quick else dict.fromkeys(
        (*MODELS, *map(str, setting.weights)))
    return [(dataset, name) for dataset in DATA for name in (*REFERENCES, *models)]


def measure(setting, dataset, predictor) -> list:
    """Return the mean NSS over the validation stimuli at their own size."""
    training, stimuli, spec = load_data(setting.data(dataset))
    scorer = Scorer(stimuli, spec.sigma, ["nss"], training)
    if predictor in REFERENCES:
        made = BASELINES[predictor](scorer)
    else:
        made = predictions(open_predictor(predictor), stimuli)
    result = score_predictions(made, scorer, f"{dataset}, {short(predictor)}")
    return [{"nss": result.means()["nss"], "stimuli": len(stimuli)}]


def tables(rows) -> list:
    found, body = groups(rows, "dataset"), []
    for predictor, some in groups(rows, "predictor").items():
        nss = {row["dataset"]: row["nss"] for row in some}
        body.append([f"`{short(predictor)}`", *(
            text for dataset in found for text in _cells(nss, found, dataset))])
    header = [text for dataset, some in found.items()
              for text in (f"NSS, {dataset} ({some[0]['stimuli']} stimuli)", "of the observers'")]
    paper = ", ".join(f"{name} {nss:.2f}" for name, nss in PAPER.items())
    return [Table(f"NSS (the paper, on MIT300: {paper}; observers {PAPER_OBSERVERS}):",
                  ["", *header], body)]


def _cells(nss, found, dataset) -> list:
    share = nss[dataset] / _of(found[dataset], "gold_standard")
    return [number(nss[dataset], 2), f"{100 * share:.0f} %"]


def _of(rows, predictor) -> float:
    return next(row["nss"] for row in rows if row["predictor"] == predictor)


def verdict(rows) -> Verdict:
    shares, texts = [], []
    for dataset, some in groups(rows, "dataset").items():
        models = {row["predictor"]: row["nss"] for row in some
                  if row["predictor"] not in REFERENCES}
        best, gold = max(models, key=models.get), _of(some, "gold_standard")
        shares.append(models[best] / gold)
        texts.append(f"{dataset} {models[best]:.2f} ({short(best)}) against {gold:.2f}, "
                     f"{100 * shares[-1]:.0f} %")
    paper = max(PAPER.values())
    return Verdict(bool(max(shares) < SHARE), (
        f"a large gap between models and observers remains ({paper} against {PAPER_OBSERVERS} on "
        f"MIT300, {100 * paper / PAPER_OBSERVERS:.0f} %); ours: {'; '.join(texts)}"))
