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
    "cat2000": cat2000.load,
    "dutomron": dutomron.load,
    "fiwi": fiwi.load,
    "folder": folder.load,
    "isun": isun.load,
    "mit1003": mit1003.load,
    "osie": osie.load,
    "pascals": pascals.load,
    "popout": popout.load,
    "pysaliency": pysaliency_files.load,
    "salicon": salicon.load,
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
    valid = [p for p in inspect.signature(DATASETS[name]).parameters if p != "root"]
    for option in options:
        if option not in valid:
            raise DatasetError(f"{name} has no option {option!r}; its options are "
                               f"{', '.join(valid) or 'none'}")
    return DATASETS[name](root, **options)
