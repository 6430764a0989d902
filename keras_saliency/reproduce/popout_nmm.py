"""NMM of models on pop-out arrays: do their maps stand out at the target, and by kind of target?"""
import numpy as np
from tqdm import tqdm

from keras_saliency import metrics
from keras_saliency.analysis.popout import ARRAYS, SIZE
from keras_saliency.config import Config
from keras_saliency.datasets import pipeline, popout
from keras_saliency.files import write_csv
from keras_saliency.models import find_weights, list_models, list_pretrained, load_predictor
from keras_saliency.prediction.forward import predict
from keras_saliency.reproduce.spec import ResultSpec


def run(config: Config, arrays=ARRAYS, size=SIZE, weights=(), log=print) -> dict:
    """Score the classical models and every model in `weights/` on generated pop-out arrays.

    NMM is the mean of the standardised map inside the target's mask (He et al. 2019, eq. 4); the
    arrays are `datasets.popout` with its default seed, eight of each of ten kinds.

    Args:
        weights: more models, e.g. run folders; `load_predictor` takes them.

    Returns:
        {model: {"all": mean NMM, "standard error": of that mean, kind: mean NMM, ...}}; also
        written to `popout.csv` in the config's folder.
    """
    models = {str(name): load_predictor(name)
              for name in (*list_models(classical=True), *_trained(), *weights)}
    dataset = popout.load(count=arrays, size=size)
    load = pipeline.stimulus_loader(dataset)
    kinds, scores = np.array(dataset.categories), {}
    for name, model in models.items():
        values = np.array([
            metrics.nmm(predict(model, load(i).numpy()), _mask(dataset, i))
            for i in tqdm(range(len(dataset)), desc=name, unit="stimulus")])
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        scores[name] = {"all": float(values.mean()), "standard error": float(error), **{
            kind: float(values[kinds == kind].mean()) for kind in dict.fromkeys(kinds.tolist())}}
    columns = list(next(iter(scores.values())))
    write_csv(config.folder / "popout.csv", ("model", *columns),
              [(name, *(f"{row[c]:.4f}" for c in columns)) for name, row in scores.items()])
    lines = [f"| model | {' | '.join(columns)} |", "| --- " * (len(columns) + 1) + "|",
             *(f"| `{name}` | {' | '.join(f'{row[c]:.2f}' for c in columns)} |"
               for name, row in sorted(scores.items(), key=lambda item: -item[1]["all"]))]
    table = "\n".join(lines)
    log(f"NMM on {arrays} pop-out arrays of {size[0]}x{size[1]}:\n\n{table}\n\n"
        f"the same as numbers: {config.folder / 'popout.csv'}")
    return scores


def _trained() -> list:
    """Names of the trained models in `weights/`, each once though it may have an alias."""
    by_file = {}
    for name in list_pretrained():
        by_file.setdefault(find_weights(name), name)
    return list(by_file.values())


def _mask(dataset, index) -> np.ndarray:
    return pipeline.decode_stimulus(dataset.target_masks[index])[..., 0].numpy()


SPEC = ResultSpec(
    run, "NMM of the classical and the pretrained models, and of any --weights, on 80 search "
    "arrays.", "quickstart.yaml", ("weights",))
