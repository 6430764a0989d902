"""What `scripts/evaluate.py` does: score whatever makes maps, compare tables of scores."""
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_saliency import config as configs
from keras_saliency import evaluation
from keras_saliency.config import Config
from keras_saliency.datasets import pipeline, shards
from keras_saliency.datasets.loading import load_sections
from keras_saliency.evaluation.comparison import compare, compare_runs
from keras_saliency.evaluation.results import check_table_path, read_runs, read_tables
from keras_saliency.evaluation.sections import section_scorer
from keras_saliency.evaluation.sources import (
    BASELINES,
    find_saved_model,
    model_predictions,
    picture_predictions,
    saved_model_predictions,
)
from keras_saliency.files import InputError, atomic_path
from keras_saliency.maps import PAD
from keras_saliency.models import (
    ClassicalModel,
    check_canvas,
    fit_of,
    is_density,
    load_predictor,
    postprocess_of,
)
from keras_saliency.models.density_layers import AddCenterBias
from keras_saliency.prediction.forward import canvas_of


def score(config: Config, weights=None, maps=None, baseline=None, part="validation", out=None,
          trust=False, prior="center_bias", accelerate=None, client=None):
    """Score one source of maps on a part of a config's dataset, print and write the table.

    Of several datasets each is scored with its own blur and split and has a table of its own.
    A network works at `data.canvas` or, where that is not set, at its own as `predict` does.

    Args:
        weights: a weights file, run folder, SavedModel folder, name of a pretrained or of a
            classical model; or
        maps: a folder of stored maps; or
        baseline: a name in `BASELINES`.
        part: "validation", "training" or "all".
        out: table to write (.csv or .parquet), with a .json beside it; None for neither. Of
            several datasets their names go before the ending: `scores_osie.csv`.
        trust: run a SavedModel though its graph could read or write files.
        prior: of a model that adds a center_bias to its log_density: "center_bias", or "uniform"
            to do without, as shuffled AUC asks for (Kuemmerer et al. 2015, section 2.2).
        accelerate: function that puts a network on another engine, as `engines.accelerate`.
        client: of `cluster.connect`, whose workers score a network or classical model.

    Returns:
        1 if stimuli had no usable map (they are named), else 0.

    Raises:
        InputError: data, model, metrics or files that do not fit; before anything is scored, but
            for pictures that are cut short. FloatingPointError: a model gives NaN or infinity.
    """
    if out is not None:
        check_table_path(out)
    model = saved_model = None
    if weights is not None:
        saved_model = _saved_model(weights)
        model = None if saved_model else load_predictor(weights)
    if prior == "uniform":
        remove_center_bias(model, weights or maps or baseline)
    if accelerate is not None:
        if model is None:
            raise InputError(f"--engine: {weights or maps or baseline} is no network of this "
                             "package that an engine could run; leave it out")
        model = accelerate(model)
    if client is not None and model is None:
        raise InputError(f"--cluster: {weights or maps or baseline} is no model of this package "
                         "that its workers could run; leave it out")
    network = model is not None and not isinstance(model, ClassicalModel)
    sections = load_sections(
        _as_predicted(config.sections, model) if network else config.sections, part=part)
    if maps is not None and len(sections) > 1:
        raise InputError(f"--maps {maps} are of one dataset, and the config has a list of "
                         f"{len(sections)}: name one of them in data")
    source = (f"{model.name} from {weights}" if model is not None and model.name != weights else
              weights or (f"the maps in {maps}" if maps else f"the baseline {baseline}"))
    if prior == "uniform":
        source = f"{source} with a uniform prior"
    if accelerate is not None:
        source = f"{source}, on {model.engine} in {model.precision}"
    densities = baseline is not None or (model is not None and is_density(model.name))
    # all that can be wrong with any of them shows before the first is scored
    scorers = [section_scorer(section, config.evaluation.metrics, config, densities)
               for section in sections]
    if network:
        for section in sections:
            for _, spec in pipeline.by_canvas(section.evaluated, section.spec):
                check_canvas(model, spec.canvas)
    missing = 0
    for section, scorer in zip(sections, scorers):
        dataset = section.evaluated
        print(f"scoring {source} on the stimuli ({part}) of {dataset.summary()}")
        with pipeline.unreadable_files_named(dataset):
            if model is not None:
                result = score_model(model, section, scorer, config.evaluation.batch, client)
            else:
                if saved_model:
                    predictions = saved_model_predictions(saved_model, dataset, trust)
                elif maps:
                    predictions = picture_predictions(maps, dataset)
                else:
                    predictions = BASELINES[baseline](scorer)
                result = evaluation.score_predictions(predictions, scorer, label="evaluation")
        print(f"\n{result.table()}\n\nmaps: {result.seconds['prediction']:.1f} s, scores: "
              f"{result.seconds['scoring']:.1f} s")
        if out is not None:
            table = out if len(sections) == 1 else Path(out).with_name(
                f"{Path(out).stem}_{section.label}{Path(out).suffix}")
            summary = result.write(table, {
                "prediction": str(source), "part": part, **scorer.about(),
                "config": configs.to_dict(config)})
            print(f"scores of each stimulus: {table}; means and settings: {summary}")
        if result.missing:
            print(f"error: {len(result.missing)} stimuli have no usable map", file=sys.stderr)
        missing += len(result.missing)
    return int(missing > 0)


def _as_predicted(sections, model) -> list:
    """The settings of datasets with the geometry of a network: as it was trained and predicts.

    Its canvas, turned upright for portrait stimuli as `predict` does, unless they state another.
    """
    fit, geometry = fit_of(model), {}
    if all(data.canvas is None for data in sections):
        turns = fit == PAD and None in model.input_shape[1:3]
        geometry = {"canvas": list(canvas_of(model)), "upright": turns}
    elif fit != PAD:  # such a canvas is not turned
        geometry = {"upright": False}
    return [replace(data, fit=fit, **geometry) for data in sections]


def score_model(model, section, scorer, batch, client=None) -> evaluation.Evaluation:
    """Score a network or a classical model on the evaluated stimuli of one dataset.

    Args:
        model: as of `predict`. section: of `load_sections`. scorer: of `section_scorer`.
        batch: stimuli per forward pass.
        client: of `cluster.connect`, whose workers do it, with the same scores; None for this
            process.
    """
    shared = {"model": model, "spec": section.spec, "scorer": scorer, "batch": batch}
    every, label = np.arange(len(section.evaluated)), "evaluation"
    if client is None:
        return _score_stimuli(**shared, indices=every, label=label)
    lengths = [len(stimuli) for stimuli, _ in pipeline.by_canvas(section.evaluated, section.spec)]
    parts = [part for piece in np.split(every, np.cumsum(lengths)[:-1])
             for part in shards.cut(piece, batch)]
    return evaluation.Evaluation.joined(shards.spread(
        client, _score_stimuli, parts, section.evaluated.names, shared, label))


def _score_stimuli(model, spec, scorer, batch, indices, label=None) -> evaluation.Evaluation:
    """Score the stimuli `indices` of the scorer's dataset."""
    dataset = scorer.dataset.select(indices)
    if isinstance(model, ClassicalModel):
        return evaluation.score_predictions(model_predictions(model, dataset), scorer, label,
                                            indices)
    return evaluation.evaluate(
        evaluation.forward_function(model), pipeline.canvas_stream(dataset, spec, batch), scorer,
        label=label, postprocess=postprocess_of(model), indices=indices)


def remove_center_bias(model, source) -> None:
    """Give a network that adds a center_bias to its log_density a uniform one.

    Raises:
        InputError: `source` is not such a network.
    """
    found = [layer for layer in getattr(model, "layers", ()) if isinstance(layer, AddCenterBias)]
    if not found:
        raise InputError(f"--prior uniform: {source} adds no center_bias to a log_density, as "
                         "deepgaze1 does; leave it out")
    for layer in found:
        layer.set_uniform()


def compare_tables(paths=(), runs=(), out=None) -> None:
    """Compare tables of scores of the same stimuli; print it, and write it to `out` (.json).

    Args:
        paths: tables, one of each model, paired over stimuli; or
        runs: texts `label=first.csv,second.csv,...` of models, paired over their trainings.

    Raises:
        InputError: tables that cannot be read or do not match, or another file type.
    """
    if out is not None and Path(out).suffix != ".json":
        raise InputError(f"{out}: a comparison is written as .json")
    comparison = compare_runs(read_runs(runs)) if runs else compare(read_tables(paths))
    print(comparison.format())
    if out is not None:
        with atomic_path(out) as temporary:
            temporary.write_text(json.dumps(comparison.to_dict(), indent=2) + "\n")
        print(f"the same as numbers: {out}")


def _saved_model(weights):
    """The SavedModel that `weights` names; a run folder's best weights go before its export."""
    return None if (Path(weights) / "best.h5").is_file() else find_saved_model(weights)
