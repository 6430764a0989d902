"""What a finished training run shows: curve, sample strip, scores, SavedModel, next step."""
import os

import numpy as np

from keras_saliency import config as configs
from keras_saliency.datasets import pipeline
from keras_saliency.evaluation.scoring import Scorer, density_of, evaluate
from keras_saliency.export import save as export_saved_model
from keras_saliency.models import is_density, postprocess_of
from keras_saliency.prediction.forward import forward_function, predict
from keras_saliency.report import figures
from keras_saliency.training import lbfgs_results
from keras_saliency.training.run import locked

SAMPLES = 4


def write(run, log=print) -> None:
    """Evaluate the best weights and write everything else of the run's folder.

    curve.png, samples.png, scores.csv (each validation stimulus), scores.json (means),
    saved_model/1/; then says where each is and what to try next.

    Raises:
        ConfigError: another process writes to the folder.
    """
    with locked(run.folder):
        _write(run, log)


def _write(run, log) -> None:
    folder, config = run.folder, run.config
    columns = {key: [row[key] for row in run.rows] for key in run.rows[0]}
    figures.training_curve(columns, folder / "curve.png", run.best["epoch"] - 1)
    scorer = Scorer(run.validation, run.spec.sigma, config.evaluation.metrics, run.training,
                    densities=is_density(run.model.name), **config.scoring)
    result = evaluate(
        forward_function(run.model),
        pipeline.canvas_stream(run.validation, run.spec, config.evaluation.batch), scorer,
        label="evaluation", postprocess=postprocess_of(run.model))
    result.write(folder / "scores.csv", {
        "prediction": f"{run.model.name}, epoch {run.best['epoch']}",
        **scorer.about(), "config": configs.to_dict(config)})
    figures.sample_strip(sample_rows(run), folder / "samples.png")
    details = [] if config.train.lbfgs is None else lbfgs_results.write(
        run, result, scorer.center, log)
    versions = [int(p.name) for p in (folder / "saved_model").glob("[0-9]*") if p.name.isdigit()]
    exported = export_saved_model(run.model, folder / "saved_model", max(versions, default=0) + 1)
    log(f"\nbest epoch {run.best['epoch']} of {len(run.rows)}, {len(run.validation)} validation "
        f"stimuli at their own size:\n\n{result.table()}\n")
    for name, what in (
            ("config.yaml", "the settings as used"), ("history.csv", "loss and scores by epoch"),
            ("curve.png", "the same as a picture"),
            ("samples.png", "stimulus, density, prediction"),
            ("scores.csv", "scores of each validation stimulus; means in scores.json"),
            *details,
            ("best.h5", "weights of the best epoch"), ("last.h5", "last epoch, for --resume"),
            ("tensorboard", f"tensorboard --logdir {folder / 'tensorboard'}"),
            (os.path.relpath(exported, folder), "SavedModel, images of any size")):
        if (folder / name).exists():
            log(f"  {folder / name}  {what}")
    log(f"\nnext: python scripts/predict.py PICTURE_OR_FOLDER --weights {folder} "
        "--out predictions")


def sample_rows(run) -> list:
    """(image, density, prediction, name) of validation stimuli spread over the set."""
    dataset, rows = run.validation, []
    count = min(SAMPLES, len(dataset))
    load = pipeline.stimulus_loader(dataset)
    for index in np.linspace(0, len(dataset) - 1, count).astype(int):
        image = load(index).numpy()
        rows.append((image, density_of(dataset, index, run.spec.sigma),
                     predict(run.model, image, run.spec.canvas),
                     dataset.names[index].replace("_", " ")))
    return rows
