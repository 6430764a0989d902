"""Eye-tracking datasets by name."""
import inspect
import os
from typing import Any, Optional, Union

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
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset, is_number

DATASETS = {
    "cat2000": cat2000.SPEC,
    "dutomron": dutomron.SPEC,
    "fiwi": fiwi.SPEC,
    "fixatons": fixatons.SPEC,
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


def load_dataset(name: str, root: Optional[Union[str, os.PathLike]] = None,
                 **options: Any) -> SaliencyDataset:
    """Read a dataset and check that it is complete.

    Args:
        name: one of `list_datasets()`. root: its folder, in the published layout.
        **options: the reader's own; see its docstring.

    Raises:
        DatasetError: unknown name or option, an option of another type, or files that are missing,
            unreadable or do not fit; the message names them.
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
    """`value` as a switch or a text where its default is one; 2017 is a number to YAML."""
    if isinstance(default, str) and is_number(value):
        return str(value)
    for kind, words in ((bool, "true or false"), (str, "text")):
        if isinstance(default, kind) and not isinstance(value, (kind, type(None))):
            raise DatasetError(f"data.options.{option} must be {words}, not {value!r}")
    return value
