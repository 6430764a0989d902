"""The results of a finished training run: curve, sample strip, scores, SavedModel."""
import os
from typing import Callable

from keras_saliency import config as configs
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import Section
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.evaluation.scoring import Scorer, density_of, evaluate, section_scorer
from keras_saliency.export import save as export_saved_model
from keras_saliency.models import facts_of
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.prediction.predictor import predict
from keras_saliency.report import plots
from keras_saliency.training import lbfgs
from keras_saliency.training.run import Run, locked

SAMPLES = 4


def write(run: Run, log: Callable[[str], None] = print) -> None:
    """Evaluate the best weights, write the results to the run's folder, and log their places.

    They are curve.png, samples.png, scores.csv (each validation stimulus), scores.json (means), for
    several datasets scores_<dataset>.csv and .json, and saved_model/1/.
    """
    with locked(run.folder):
        _write(run, log)


def _write(run, log) -> None:
    folder, config = run.folder, run.config
    columns = {key: [row[key] for row in run.rows] for key in run.rows[0]}
    plots.training_curve(columns, folder / "curve.png", run.best["epoch"] - 1)
    forward, several = forward_function(run.model), len(run.sections) > 1
    tables = {}
    for section in run.sections:
        scorer, result = score(run, section, forward,
                               f"evaluation ({section.label})" if several else "evaluation")
        table = f"scores_{section.label}.csv" if several else "scores.csv"
        result.write(folder / table, {
            "prediction": f"{run.model.name}, epoch {run.best['epoch']}",
            **scorer.about(), "config": configs.to_dict(config)})
        tables[table] = (section.evaluated, result)
    plots.sample_strip(sample_rows(run), folder / "samples.png")
    details = [] if config.train.lbfgs is None else lbfgs.write_results(
        run, result, scorer.center, log)
    versions = [int(p.name) for p in (folder / "saved_model").glob("[0-9]*") if p.name.isdigit()]
    exported = export_saved_model(run.model, folder / "saved_model", max(versions, default=0) + 1)
    for dataset, result in tables.values():
        named = f" of {dataset.name} ({dataset.edition})" if several else ""
        log(f"\nbest epoch {run.best['epoch']} of {len(run.rows)}, {len(dataset)} validation "
            f"stimuli{named} at their own size:\n\n{result.table()}\n")
    for name, what in (
            ("config.yaml", "the settings as used"), ("history.csv", "loss and scores by epoch"),
            ("curve.png", "the same as a picture"),
            ("samples.png", "stimulus, density, prediction"),
            *((table, f"scores of each validation stimulus; means in {table[:-4]}.json")
              for table in tables),
            *details,
            ("best.h5", "weights of the best epoch"), ("last.h5", "last epoch, to resume from"),
            ("tensorboard", f"tensorboard --logdir {folder / 'tensorboard'}"),
            (os.path.relpath(exported, folder), "SavedModel, images of any size")):
        if (folder / name).exists():
            log(f"  {folder / name}  {what}")


def score(run: Run, section: Section, forward: Callable,
          label: str = "evaluation") -> tuple[Scorer, Evaluation]:
    """Return (scorer, `Evaluation`) of a run's model on the validation stimuli of one dataset.

    Args:
        forward: `forward_function` of its model.
    """
    config, facts = run.config, facts_of(run.model)
    scorer = section_scorer(section, config.evaluation.metrics, config, facts.density)
    return scorer, evaluate(
        forward, pipeline.canvas_stream(section.evaluated, section.spec, config.evaluation.batch),
        scorer, facts, label=label)


def sample_rows(run: Run) -> list[tuple]:
    """Return (image, density, prediction, name) of validation stimuli spread over each dataset."""
    rows = []
    for section in run.sections:
        dataset, spec = section.evaluated, section.spec
        load = pipeline.stimulus_loader(dataset)
        for index in dataset.spread(max(1, SAMPLES // len(run.sections))):
            image = load(index).numpy()
            rows.append((image, density_of(dataset, index, spec.sigma),
                         predict(run.model, image, spec.canvas_for(image.shape[:2])),
                         dataset.names[index].replace("_", " ")))
    return rows
