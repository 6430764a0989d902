"""Scene classification against saliency on the same stimuli (Table 8 of the CVPR 2019 paper)."""
from keras_saliency.config import Config, ConfigError
from keras_saliency.datasets.loading import load_data
from keras_saliency.reproduce.spec import ResultSpec
from keras_saliency.training import scenes


def run(config: Config, pictures=None, least_images=scenes.LEAST_IMAGES, log=print,
        **options) -> dict:
    """Train the scene classifier on `pictures` and compare its attention with the fixations.

    Args:
        config: names the dataset whose stimuli the pictures are. pictures: a folder with a folder
            of images for each scene. least_images: scenes with fewer are left out. options: of
            `training.scenes.train_scenes`.

    Returns:
        As `training.scenes.attention_by_outcome`; also written to `scenes.json`.

    Raises:
        ConfigError, DatasetError: what is missing.
    """
    if pictures is None:
        raise ConfigError("scenes needs --pictures FOLDER, with a folder of images for each scene")
    _, dataset, _ = load_data(config.data, part="all")
    return scenes.run(pictures, dataset, config.folder, least_images, log, **options)


SPEC = ResultSpec(
    run, "VGG16 learns the scenes of the dataset's stimuli from --pictures, a folder per scene "
    "(Table 8 of the CVPR 2019 paper).", "ead_salicon.yaml", ("pictures", "least_images"))
