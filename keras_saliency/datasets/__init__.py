"""Eye-tracking datasets by name, and the batches that a network trains on.

`training_data` is imported with TensorFlow when it is first used.
"""
import inspect
from typing import TYPE_CHECKING, Any, Optional

from keras_saliency.datasets import (
    cat2000,
    dutomron,
    fiwi,
    fixatons,
    folder,
    isun,
    mit1003,
    osie,
    pascals,
    popout,
    pysaliency_files,
    salicon,
)
from keras_saliency.datasets.dataset import DatasetError, DatasetSpec, SaliencyDataset, is_number
from keras_saliency.files import AnyPath
from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.datasets.pipeline import training_data

__all__ = ["DATASETS", "DatasetError", "SaliencyDataset", "list_datasets", "load_dataset",
           "spec_of", "training_data"]

DATASETS = {module.NAME: module.SPEC for module in (
    cat2000, dutomron, fiwi, fixatons, folder, isun, mit1003, osie, pascals, popout,
    pysaliency_files, salicon)}

__getattr__, __dir__ = lazy(__name__, {"training_data": "keras_saliency.datasets.pipeline"})


def list_datasets() -> list:
    """Return the registered names, sorted."""
    return sorted(DATASETS)


def spec_of(dataset: SaliencyDataset) -> DatasetSpec:
    """Return the facts of a dataset by its name; the defaults for data of the user's own."""
    return DATASETS.get(dataset.name, folder.SPEC)


def load_dataset(name: str, root: Optional[AnyPath] = None,
                 **options: Any) -> SaliencyDataset:
    """Read a dataset and check that it is complete.

    Args:
        name: one of `list_datasets()`. root: its folder, in the published layout.
        **options: see `load` in the dataset's own module. Most readers take `pixels_per_dva`,
            pixels per degree of visual angle, in place of the default or for one that is unknown.
            With `use_density=False` the training target is not the published densities but the
            blurred fixations.

    Raises:
        DatasetError: an unknown name or option, an option of the wrong type, or files that are
            missing, unreadable, malformed or do not belong together; the message names them.
    """
    if name not in DATASETS:
        raise DatasetError(f"no dataset {name!r}; the datasets are {', '.join(list_datasets())}")
    load = DATASETS[name].load
    valid = {option: parameter.default for option, parameter
             in inspect.signature(load).parameters.items() if option != "root"}
    for option in options:
        if option not in valid:
            raise DatasetError(f"{name} has no option {option!r}; its options are "
                               f"{', '.join(valid) or 'none'}")
    return load(root, **{option: _typed(option, value, valid[option])
                         for option, value in options.items()})


def _typed(option, value, default):
    """`value`, checked where the default is a switch or a text; 2017 is a number to YAML."""
    if isinstance(default, str) and is_number(value):
        return str(value)
    for kind, words in ((bool, "true or false"), (str, "text")):
        if isinstance(default, kind) and not isinstance(value, (kind, type(None))):
            raise DatasetError(f"data.options.{option} must be {words}, not {value!r}")
    return value
