"""Checks that need no TensorFlow, made before it is imported."""
import sys
from pathlib import Path
from typing import Optional

import yaml

from keras_saliency.files import AnyPath, InputError, require
from keras_saliency.files.shipped import PACKAGE, did_you_mean, shipped


def require_files(*paths: Optional[AnyPath]) -> None:
    """Raise `InputError` for the first path that does not exist; None is left out."""
    for path in paths:
        require(path is None or Path(path).expanduser().exists(), f"{path}: no such file or folder")


def require_weights(*given: str) -> None:
    """Raise `InputError` for weights that do not exist, before TensorFlow is imported for them."""
    if "tensorflow" in sys.modules:  # the error of loading them comes as quickly
        return
    folder = shipped("weights")
    manifest = folder / "manifest.yaml"
    entries = yaml.safe_load(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    names = {file.stem for file in folder.glob("*.h5")}
    names.update(alias for entry in entries.values() for alias in entry.get("aliases", ()))
    classical = {file.stem for file in (PACKAGE / "models" / "classical").glob("*.py")}
    for name in given:
        if not Path(name).expanduser().exists() and name not in names | classical:
            hint = did_you_mean(name, names) or f" ({', '.join(sorted(names))})"
            raise InputError(f"no weights {name!r}: give a file, a run folder with best.h5, or the "
                             f"name of a pretrained model{hint}")
