"""Stimuli of a run, from the section `data` of its config or a list of them, and their split."""
import dataclasses
from dataclasses import dataclass
from typing import Optional, Sequence

import numpy as np
import yaml

from keras_saliency.config import ConfigError, DataConfig, in_section
from keras_saliency.datasets import DATASETS, load_dataset, pipeline, spec_of
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.datasets.orders import Share
from keras_saliency.files import InputError, list_some
from keras_saliency.maps import DENSITY, FIXATIONS


@dataclass(frozen=True)
class Section:
    """One of the datasets of a run, as `load_data` returns it."""

    label: str  # name in results: that of the dataset, numbered where it comes twice
    data: DataConfig
    training: SaliencyDataset
    evaluated: SaliencyDataset
    spec: pipeline.CanvasSpec


def load_sections(sections: Sequence[DataConfig], targets: Sequence[str] = (DENSITY,),
                  part: str = "validation") -> list[Section]:
    """Read all datasets of a config, in its order; see `load_data`.

    A canvas that one of `sections`, those of the config, states holds for all.
    """
    canvas = next((data.canvas for data in sections if data.canvas is not None), None)
    loaded = []
    for index, data in enumerate(sections):
        try:
            loaded.append(load_data(dataclasses.replace(data, canvas=canvas), targets, part))
        except InputError as error:
            if len(sections) == 1:
                raise
            raise type(error)(in_section(str(error), index)) from None
    canvases = [spec.canvas for *_, spec in loaded]
    if len(set(canvases)) > 1:
        raise ConfigError("the datasets have canvases of their own, " + ", ".join(
            f"{data.name} {h}x{w}" for data, (h, w) in zip(sections, canvases))
            + "; choose one for all: set data.0.canvas=[HEIGHT,WIDTH]")
    names = [training.name for training, *_ in loaded]
    counts = [names[:index].count(name) for index, name in enumerate(names)]
    return [Section(f"{name}-{count + 1}" if count else name, data, *parts)
            for name, count, data, parts in zip(names, counts, sections, loaded)]


def with_targets(section: Section) -> Section:
    """Leave out training stimuli without a fixation where fixations make a target map.

    An empty target map says nothing about where people look. A note names what is left out.
    """
    dataset = section.training
    if dataset.fixations is None or (dataset.density_files is not None
                                     and FIXATIONS not in section.spec.targets):
        return section
    counts = np.diff(dataset.fixations.offsets)
    if counts.all():
        return section
    empty = [dataset.names[index] for index in np.flatnonzero(counts == 0)]
    note = f"{len(empty)} training stimuli without a fixation are left out: {list_some(empty)}"
    return dataclasses.replace(section, training=dataclasses.replace(
        dataset.select(np.flatnonzero(counts)), notes=(*dataset.notes, note)))


def training_pieces(sections: Sequence[Section]) -> list:
    """Return [(section, stimuli, spec)]: the training stimuli of all sections, cut by canvas."""
    return [(section, stimuli, spec) for section in sections
            for stimuli, spec in pipeline.by_canvas(section.training, section.spec)]


def training_shares(sections: Sequence[Section]) -> list[Share]:
    """Return the `Share` of each of `training_pieces` in an epoch."""
    return [Share(len(stimuli), section.data.weight, spec.canvas)
            for section, stimuli, spec in training_pieces(sections)]


def load_data(data: DataConfig, targets: Sequence[str] = (DENSITY,),
              part: str = "validation") -> tuple:
    """Read a dataset and split it; every problem of the files shows here.

    Args:
        targets: names of the maps that a training loss compares with.
        part: the stimuli to evaluate, "validation", "training" or "all".

    Returns:
        The stimuli for training (all of them with "all"), those of `part`, and their `CanvasSpec`.
        With `data.upright` portrait stimuli come last.
    """
    dataset, *parts = _parts(data, part)
    if data.upright:
        portrait = dataset.sizes[:, 0] > dataset.sizes[:, 1]
        parts = [chosen[np.argsort(portrait[chosen], kind="stable")] for chosen in parts]
    spec = DATASETS[data.name]
    if spec.collection:  # a dataset of it may be registered with facts of its own
        spec = DATASETS.get(dataset.name, spec)
    sigma = pipeline.sigma_pixels(dataset, data.sigma_dva, data.sigma_pixels, spec)
    training, evaluated = (dataset.select(chosen) for chosen in parts)
    for stimuli, use in ((training, "training"), (evaluated, "evaluation")):
        require(stimuli.has_fixations or stimuli.density_files and FIXATIONS not in targets,
                f"{dataset.name}: no fixations on any of the {len(stimuli)} stimuli for {use}, "
                "which the chosen loss or its densities need")
    return training, evaluated, pipeline.CanvasSpec(
        tuple(data.canvas or spec.canvas), sigma, tuple(targets), data.fit, data.upright)


def load_part(data: DataConfig, part: str) -> SaliencyDataset:
    """Return the stimuli of `part`, see `load_data`, for work without density maps and blur."""
    dataset, _, chosen = _parts(data, part)
    return dataset.select(chosen)


def _parts(data: DataConfig, part) -> tuple:
    """(all stimuli, indices for training, indices to evaluate); see `load_data`."""
    if isinstance(data, list):
        raise ConfigError(f"the config has a list of {len(data)} datasets, of which one is needed "
                          f"here; take one: set \"data={_as_text(data[0])}\"")
    dataset = load_dataset(data.name, data.root, **data.options)
    everything = np.arange(len(dataset))
    training, validation = (everything, everything) if part == "all" else split(
        dataset, data.split_seed, data.train, data.validation)
    if data.hold_out is not None and part != "all":
        training, validation = hold_out(training, data.hold_out, data.split_seed)
    return dataset, training, training if part == "training" else validation


def split(dataset: SaliencyDataset, seed: int = 42, train: Optional[int] = None,
          validation: Optional[int] = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of training and of validation stimuli, as MSI-Net's authors split them.

    - A published `partition` is kept: `train` and `val` in name order.
    - With `categories` (CAT2000), 80 % of each category trains. One shuffled list of ranks serves
      all; it is as long as the largest category, and smaller ones skip the ranks they do not have.
    - Otherwise the indices of the name-sorted stimuli are shuffled and the first of them train:
      as many as the `split` of its `DatasetSpec` says, the same share of an incomplete copy, and
      80 % of other sets.

    Args:
        dataset: the whole dataset. seed: of `numpy.random.RandomState`.
        train, validation: take fewer of one side: a seeded choice of a partition, as many of each
            category. Without these two, one side may also grow at the other's cost.

    Source: Kroner et al. (2020), https://github.com/alexanderkroner/saliency (`data.py`).
    """
    for side, count in (("train", train), ("validation", validation)):
        require(count is None or count > 0,
                f"{dataset.name}: {side} must be above 0 stimuli, not {count}")
    if dataset.partition is not None:
        sides = _by_partition(dataset, seed, train, validation)
    elif dataset.categories is not None:
        sides = _by_category(dataset, seed, train, validation)
    else:
        sides = _by_order(dataset, seed, train, validation)
    for side, indices, count in zip(("train", "validation"), sides, (train, validation)):
        require(len(indices) > 0, f"{dataset.name}: no stimuli left for {side} among the "
                                  f"{len(dataset)} there are")
        require(count is None or count == len(indices),
                f"{dataset.name}: {count} stimuli asked for {side}, {len(indices)} available")
    return sides


def hold_out(training: np.ndarray, count: int, seed: int = 42) -> tuple[np.ndarray, np.ndarray]:
    """Divide the training stimuli, to choose settings without the validation stimuli.

    Returns the indices of those that still train and of `count` held out, in the order given.
    """
    require(0 < count < len(training), f"{count} of {len(training)} training stimuli held out; "
                                       "both parts need at least one")
    held = np.isin(np.arange(len(training)), _shuffled(len(training), seed)[:count])
    return training[~held], training[held]


def _shuffled(count, seed) -> np.ndarray:
    return np.random.RandomState(seed).permutation(count)


def _by_partition(dataset, seed, train, validation):
    sides = [np.flatnonzero(np.asarray(dataset.partition) == word) for word in ("train", "val")]
    return tuple(side if count is None else side[np.sort(_shuffled(len(side), seed)[:count])]
                 for side, count in zip(sides, (train, validation)))


def _by_category(dataset, seed, train, validation):
    names = np.asarray(dataset.categories)
    members = [np.flatnonzero(names == name) for name in sorted(set(dataset.categories))]
    ranks = _shuffled(max(len(m) for m in members), seed)
    orders = [m[ranks[ranks < len(m)]] for m in members]
    return (_evenly([order[:_share(len(order))] for order in orders], train),
            _evenly([order[_share(len(order)):] for order in orders], validation))


def _evenly(groups, count) -> np.ndarray:
    """All indices group by group, or `count` of them: the first of each group in turn."""
    if count is not None:
        turns = sorted((turn, g) for g, group in enumerate(groups) for turn in range(len(group)))
        sizes = np.bincount([g for _, g in turns[:count]], minlength=len(groups))
        groups = [group[:size] for group, size in zip(groups, sizes)]
    return np.concatenate(groups)


def _by_order(dataset, seed, train, validation):
    total = len(dataset)
    require((train or 0) + (validation or 0) <= total,
            f"{dataset.name}: {train or 0} training and {validation or 0} validation stimuli "
            f"asked for, {total} available")
    published = _share(total, *(spec_of(dataset).split or (4, 1)))
    border = min(max(published, train or 0), total - (validation or 0))
    order = _shuffled(total, seed)
    return order[:border][:train], order[border:][:validation]


def _share(total, train=4, validation=1) -> int:
    """The stimuli of `total` that train if `train` of `train + validation` do; at least one."""
    return max(1, total * train // (train + validation))


def _as_text(data: DataConfig) -> str:
    """The settings of a section that are not the default, on one line of YAML."""
    values = {key: value for key, value in vars(data).items()
              if key == "name" or value != getattr(DataConfig(), key)}
    return yaml.safe_dump(values, default_flow_style=True, sort_keys=False, width=1000).strip()
