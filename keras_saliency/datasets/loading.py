"""From the section `data` of a config to the stimuli of a run."""
import numpy as np

from keras_saliency.config import DataConfig
from keras_saliency.datasets import DATASETS, load_dataset, pipeline
from keras_saliency.datasets.dataset import require
from keras_saliency.datasets.spec import DatasetSpec
from keras_saliency.datasets.splits import hold_out, split
from keras_saliency.maps import DENSITY, FIXATIONS


def load_data(data: DataConfig, targets=(DENSITY,), part="validation") -> tuple:
    """Read a dataset and split it; every problem of the files shows here.

    Args:
        targets: names of the maps that a training loss compares with.
        part: which stimuli to evaluate, "validation", "training" or "all".

    Returns:
        (training, evaluated, spec): the stimuli that trained parameters may come from (all of
        them for "all"), those of `part`, and how they come onto the canvas.

    Raises:
        DatasetError: files that are missing or wrong, a split that they do not allow, or a part
            without a single fixation where the targets are made of them.
    """
    dataset = load_dataset(data.name, data.root, **data.options)
    everything = np.arange(len(dataset))
    training, validation = (everything, everything) if part == "all" else split(
        dataset, data.split_seed, data.train, data.validation)
    if data.hold_out is not None and part != "all":
        training, validation = hold_out(training, data.hold_out, data.split_seed)
    evaluated = training if part == "training" else validation
    spec = DATASETS[data.name]
    if spec.collection:  # of which some datasets have a reader, and so facts, of their own
        spec = DATASETS.get(dataset.name, spec)
    canvas = tuple(data.canvas or spec.canvas)
    sigma = _blur(dataset, data, spec)
    training, evaluated = dataset.select(training), dataset.select(evaluated)
    for stimuli, use in ((training, "training"), (evaluated, "evaluation")):
        require(stimuli.has_fixations or stimuli.density_files and FIXATIONS not in targets,
                f"{dataset.name}: no fixations on any of the {len(stimuli)} stimuli for {use}, "
                "which the chosen loss or its densities need")
    return training, evaluated, pipeline.CanvasSpec(canvas, sigma, tuple(targets), data.fit)


def _blur(dataset, data: DataConfig, spec: DatasetSpec) -> float:
    """Pixels of the stimulus: as the config says, in pixels or degrees, else as the literature."""
    pixels, degrees = data.sigma_pixels, data.sigma_dva
    if pixels is None and degrees is None:
        pixels, degrees = spec.sigma_pixels, spec.sigma_dva
    return pipeline.sigma_pixels(dataset, degrees, pixels)
