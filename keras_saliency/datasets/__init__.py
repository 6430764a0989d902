"""Eye-tracking datasets by name."""
import inspect

from keras_saliency.datasets import (
    cat2000,
    dutomron,
    fiwi,
    folder,
    isun,
    mit1003,
    osie,
    pascals,
    popout,
    pysaliency_files,
    salicon,
)
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset

DATASETS = {
    "cat2000": cat2000.SPEC,
    "dutomron": dutomron.SPEC,
    "fiwi": fiwi.SPEC,
    "folder": folder.SPEC,
    "isun": isun.SPEC,
    "mit1003": mit1003.SPEC,
    "osie": osie.SPEC,
    "pascals": pascals.SPEC,
    "popout": popout.SPEC,
    "pysaliency": pysaliency_files.SPEC,
    "salicon": salicon.SPEC,
}


def list_datasets() -> list:
    """Registered dataset names, sorted."""
    return sorted(DATASETS)


def load_dataset(name, root=None, **options) -> SaliencyDataset:
    """Read a dataset and check that it is complete.

    Args:
        name: one of `list_datasets()`. root: its folder, in the published layout.
        **options: the reader's own; see its docstring.

    Raises:
        DatasetError: unknown name or option, or files that are missing, unreadable or do not
            fit; the message names them.
    """
    if name not in DATASETS:
        raise DatasetError(f"no dataset {name!r}; the datasets are {', '.join(list_datasets())}")
    load = DATASETS[name].load
    valid = [parameter for parameter in inspect.signature(load).parameters if parameter != "root"]
    for option in options:
        if option not in valid:
            raise DatasetError(f"{name} has no option {option!r}; its options are "
                               f"{', '.join(valid) or 'none'}")
    return load(root, **options)
