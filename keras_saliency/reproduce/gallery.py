"""What the pretrained models predict, side by side with the center bias."""
from pathlib import Path

import numpy as np

from keras_saliency.config import Config
from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.scoring import density_of
from keras_saliency.models import load_pretrained
from keras_saliency.prediction.forward import predict
from keras_saliency.prediction.pictures import find_pictures, read_picture
from keras_saliency.report import figures
from keras_saliency.reproduce.spec import ResultSpec

MODELS = {"MSI-Net": "msi_net", "EAD": "ead"}
STIMULI = 8


def run(config: Config, pictures=None, log=print) -> Path:
    """Draw a gallery: stimulus, predictions of `MODELS`, and the center bias.

    Args:
        config: names the dataset whose training fixations make the center_bias.
        pictures: a picture or a folder of pictures to show; None for `STIMULI` validation stimuli
            of the dataset, spread over it, with their fixation densities.

    Returns:
        The path, `<output>/<name>/gallery.png`.

    Raises:
        ConfigError, DatasetError, WeightsError, InputError: what is missing or unreadable.
    """
    training, validation, spec = load_data(config.data)
    bias = center_bias(training)
    models = {title: load_pretrained(name) for title, name in MODELS.items()}
    if pictures is None:
        examples = list(_stimuli(validation, spec.sigma))
        titles = ("stimulus", "fixation density", *models, "center bias")
    else:
        examples = [((read_picture(path),), path.stem) for path in find_pictures(pictures)]
        titles = ("picture", *models, "center bias")
    rows = []
    for shown, label in examples:
        image = shown[0]
        predicted = [predict(model, image) for model in models.values()]
        rows.append((*shown, *predicted, bias.predict(image.shape[:2]).saliency_map,
                     label.replace("_", " ")))
    path = config.folder / "gallery.png"
    figures.sample_strip(rows, path, titles)
    log(f"{path}: {len(rows)} rows of {', '.join(titles)}")
    return path


def _stimuli(dataset, sigma):
    """((image, density), name) of stimuli spread over the dataset."""
    load = pipeline.stimulus_loader(dataset)
    for index in np.linspace(0, len(dataset) - 1, min(STIMULI, len(dataset))).astype(int):
        yield (load(index).numpy(), density_of(dataset, index, sigma)), dataset.names[index]


SPEC = ResultSpec(
    run, "Predictions of the pretrained models for eight validation stimuli, with their densities "
    "and the center bias, or for --pictures.", "msi_net_osie.yaml", ("pictures",))
