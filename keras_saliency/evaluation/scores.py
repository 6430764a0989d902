"""Scores of whatever makes maps, on the datasets of a config; comparison of tables of scores."""
import json
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Optional

import keras
import numpy as np

from keras_saliency import config as configs
from keras_saliency.config import Config, DataConfig
from keras_saliency.datasets import pipeline, shards
from keras_saliency.datasets.loading import Section, load_sections
from keras_saliency.evaluation.comparison import compare, compare_runs
from keras_saliency.evaluation.results import Evaluation, check_table_path, read_runs, read_tables
from keras_saliency.evaluation.scoring import Scorer, evaluate, score_predictions, section_scorer
from keras_saliency.evaluation.seen import seen
from keras_saliency.evaluation.sources import BASELINES, predictions
from keras_saliency.evaluation.stored_maps import SALIENCY, picture_predictions
from keras_saliency.files import AnyPath, InputError, printable, require, warn, write_whole
from keras_saliency.maps import PAD
from keras_saliency.maps.facts import Facts
from keras_saliency.models.density_layers import AddCenterBias
from keras_saliency.prediction.predictor import Predictor


@dataclass(frozen=True)
class Source:
    """Something that makes maps of the stimuli of a dataset.

    Attributes:
        text: what it is, for messages and tables.
        score: function (section, scorer, batch) -> `Evaluation`.
        densities: whether its maps are densities.
        network: `Predictor` with a canvas, or None.
        one_dataset: whether it is of one dataset alone.
        facts: of a model, or None.
    """

    text: str
    score: Callable
    densities: bool = False
    network: Optional[Predictor] = None
    one_dataset: bool = False
    facts: Optional[Facts] = None


def of_predictor(predictor: Predictor, text: Optional[str] = None, client: Any = None) -> Source:
    """Return the maps of a `Predictor` as a `Source`; its text is by default the model's name."""
    facts = predictor.facts
    return Source(text or facts.name, partial(score_predictor, predictor, client=client),
                  facts.density, None if facts.canvas is None else predictor, facts=facts)


def of_maps(folder: AnyPath, meaning: Optional[str] = None) -> Source:
    """Return stored maps, named like the stimuli, as a `Source`; see `picture_predictions`."""
    return Source(
        f"the maps in {folder}" + (f" as {meaning}" if meaning else ""),
        lambda section, scorer, batch: score_predictions(
            picture_predictions(folder, section.evaluated, meaning), scorer, "evaluation"),
        densities=meaning not in (None, SALIENCY), one_dataset=True)


def of_baseline(name: str) -> Source:
    """Return a baseline of `BASELINES`, fitted to the training stimuli, as a `Source`."""
    return Source(f"the baseline {name}", lambda section, scorer, batch: score_predictions(
        BASELINES[name](scorer), scorer, "evaluation"), densities=True)


def score(config: Config, source: Source, part: str = "validation",
          out: Optional[AnyPath] = None) -> int:
    """Score a source of maps on a part of a config's datasets; print and write the tables.

    Each of several datasets is scored with its own blur and split, and has a table of its own. A
    network works at `data.canvas` or, where that is not set, at its own as `predict` does. Returns
    1 if stimuli had no usable map (they are named), else 0.

    Args:
        part: "validation", "training" or "all".
        out: table to write (.csv or .parquet), with a .json beside it; None for neither. Tables
            of several datasets have their names in them: `scores_osie.csv`.

    Raises:
        InputError: data, model, metrics or files that do not fit; before anything is scored, but
            for pictures that are cut short. FloatingPointError: a model gives NaN or infinity.
    """
    if out is not None:
        check_table_path(out)
    network = source.network
    sections = load_sections(
        _as_predicted(config.sections, network.facts) if network else config.sections, part=part)
    require(len(sections) == 1 or not source.one_dataset, f"{source.text} are of one dataset, and "
            f"the config has a list of {len(sections)}: name one of them in data")
    # all that can be wrong with any of them shows before the first is scored
    scorers = [section_scorer(section, config.evaluation.metrics, config, source.densities)
               for section in sections]
    for section in sections if network else ():
        for _, spec in pipeline.by_canvas(section.evaluated, section.spec):
            network.check_canvas(spec.canvas)
    missing = 0
    for section, scorer in zip(sections, scorers):
        dataset = section.evaluated
        print(printable(f"scoring {source.text} on the stimuli ({part}) of {dataset.summary()}"))
        with pipeline.unreadable_files_named(dataset):
            result = source.score(section, scorer, config.evaluation.batch)
        if len(result.missing) == len(dataset):
            first = result.missing[0]
            raise InputError(f"{source.text}: none can be scored; that of {first}: "
                             f"{result.reasons[first]}")
        print(printable(f"\n{result.table()}\n\nmaps: {result.seconds['prediction']:.1f} s, "
                        f"scores: {result.seconds['scoring']:.1f} s"))
        known = [] if source.facts is None else seen(
            source.facts, dataset, part == "validation" and _is_usual(section.data))
        for sentence in known:
            warn(sentence)
        if out is not None:
            table = out if len(sections) == 1 else Path(out).with_name(
                f"{Path(out).stem}_{section.label}{Path(out).suffix}")
            summary = result.write(table, {
                "prediction": source.text, "part": part, "seen": known, **scorer.about(),
                "config": configs.to_dict(config)})
            print(printable(f"scores of each stimulus: {table}; means and settings: {summary}"))
        if result.missing:
            print(f"error: {len(result.missing)} stimuli have no usable map", file=sys.stderr)
        missing += len(result.missing)
    return int(missing > 0)


def _is_usual(data) -> bool:
    """Return whether a dataset is split as by the shipped configs, without a part held out."""
    return data.split_seed == DataConfig().split_seed and data.hold_out is None


def _as_predicted(sections, facts) -> list:
    """The settings of datasets with the canvas of a network, turned upright for portrait stimuli
    as `predict` turns it, unless they state another."""
    geometry = {}
    if all(data.canvas is None for data in sections):
        geometry = {"canvas": list(facts.canvas), "upright": facts.fit == PAD and facts.turns}
    elif facts.fit != PAD:  # such a canvas is not turned
        geometry = {"upright": False}
    return [replace(data, fit=facts.fit, **geometry) for data in sections]


def score_predictor(predictor: Predictor, section: Section, scorer: Scorer, batch: int,
                    client: Any = None) -> Evaluation:
    """Score a model on the evaluated stimuli of one dataset.

    Args:
        section: of `load_sections`. scorer: of `section_scorer`. batch: stimuli per forward pass.
        client: of `cluster.connect`, whose workers do it; None for this process.
    """
    shared = {"predictor": predictor, "spec": section.spec, "scorer": scorer, "batch": batch}
    lengths = [len(stimuli) for stimuli, _ in pipeline.by_canvas(section.evaluated, section.spec)]
    pieces = np.split(np.arange(len(section.evaluated)), np.cumsum(lengths)[:-1])
    parts = [part for piece in pieces for part in shards.cut(piece, batch)]
    return Evaluation.joined(shards.spread(
        client, _score_stimuli, parts, section.evaluated, shared, "evaluation"))


def _score_stimuli(predictor, spec, scorer, batch, indices, label=None) -> Evaluation:
    """Score the stimuli `indices` of the scorer's dataset."""
    dataset, facts = scorer.dataset.select(indices), predictor.facts
    if facts.canvas is None:
        return score_predictions(predictions(predictor, dataset), scorer, label, indices)
    return evaluate(predictor.maps, pipeline.canvas_stream(dataset, spec, batch), scorer, facts,
                    label=label, indices=indices)


def remove_center_bias(model: keras.Model) -> None:
    """Give a network that adds a center_bias to its log_density a uniform one."""
    found = [layer for layer in getattr(model, "layers", ()) if isinstance(layer, AddCenterBias)]
    require(found, f"{getattr(model, 'name', model)} adds no center_bias to a log_density, as "
                   "deepgaze1 and calibrated networks do: it has no prior to take out")
    for layer in found:
        layer.set_uniform()


def compare_tables(paths: Iterable[AnyPath] = (), runs: Iterable[str] = (),
                   out: Optional[AnyPath] = None) -> None:
    """Compare tables of scores of the same stimuli; print it, and write it to `out` (.json).

    Args:
        paths: tables, one of each model, paired over stimuli; or
        runs: texts `label=first.csv,second.csv,...` of models, paired over their trainings.
    """
    require(out is None or Path(out).suffix == ".json",
            f"{out}: a comparison is written as .json")
    comparison = compare_runs(read_runs(runs)) if runs else compare(read_tables(paths))
    print(printable(comparison.format()))
    if out is not None:
        write_whole(out, json.dumps(comparison.to_dict(), indent=2) + "\n")
        print(printable(f"the same as numbers: {out}"))
