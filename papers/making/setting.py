"""Data, models and options that a result is made with; generated arrays for --quick."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

from keras_saliency import config as configs
from keras_saliency.config import Config
from keras_saliency.datasets import popout
from keras_saliency.files import InputError
from keras_saliency.units.regions import ARRAYS, SIZE
from papers.making.spec import ROOTS

# Dataset -> section `data` of a config, with the blur of its literature
SECTIONS = {
    "osie": {"name": "osie", "sigma_pixels": 16},
    "mit1003": {"name": "fixatons", "upright": True},  # of the FixaTons collection
}
# Generated arrays that replace a dataset with --quick
QUICK_SIZE, QUICK_CANVAS, QUICK_COUNT = (96, 128), (48, 64), 24


@dataclass(frozen=True)
class Setting:
    """Data, models and options of one call.

    Attributes:
        scratch: folder for trainings, caches and pictures of stimuli.
        recipes: folder of config files, the repository's `configs/`.
        roots: {dataset of `ROOTS`: folder}.
        weights, pictures, least_images: options of the command line.
        overrides: texts `key.sub=value` that change the recipe.
        quick: run in seconds, with generated arrays and tiny networks without weights.
        log: function that prints a line for the user.
    """

    scratch: Path
    recipes: Path
    roots: Mapping[str, str] = field(default_factory=dict)
    weights: Sequence[str] = ()
    pictures: Optional[str] = None
    least_images: Optional[int] = None
    overrides: Sequence[str] = ()
    quick: bool = False
    log: Callable = print

    def root(self, name: str) -> str:
        """Return the folder of a dataset; an `InputError` names its option if it was not given."""
        if name not in self.roots:
            raise InputError(f"this result reads {ROOTS[name]}: --root {name}=PATH")
        return self.roots[name]

    def section(self, dataset: str, **changes) -> dict:
        """Return the section `data` of a config for "osie" or "mit1003".

        With `quick` it describes generated arrays on a small canvas.
        """
        if self.quick:
            return {"name": "popout", "sigma_pixels": 6, "canvas": list(QUICK_CANVAS), "options": {
                "count": QUICK_COUNT, "size": list(QUICK_SIZE), "seed": sorted(SECTIONS).index(
                    dataset)}}
        return {**SECTIONS[dataset], "root": self.root(dataset), **changes}

    def data(self, dataset: str, **changes) -> configs.DataConfig:
        """Return `section` as a `DataConfig`."""
        return configs.from_dict({"data": self.section(dataset, **changes)}).data

    def arrays(self):
        """Return the generated pop-out arrays of the tables, with `quick` few and small ones."""
        size, count = (QUICK_SIZE, QUICK_COUNT) if self.quick else (SIZE, ARRAYS)
        return popout.load(count=count, size=size)

    def config(self, recipe: str, name: str, data, **changes) -> Config:
        """Return the config of one training; `overrides` are applied last.

        Args:
            recipe: file of `recipes`. name: of the run, a folder of `scratch`.
            data: its section `data`, as `section` returns it.
            changes: {key: value} for the sections `model`, `train` and `evaluation`.
        """
        values = configs.to_dict(configs.load(self.recipes / recipe))
        values.update(name=name, output=str(self.scratch), data=data)
        for section, keys in changes.items():
            values[section] = {**values[section], **keys}
        if self.quick:
            values["model"]["encoder_weights"] = values["model"]["weights"] = None
            values["model"]["options"] = {**values["model"]["options"], "width_multiplier": 0.03}
            if values["train"]["lbfgs"] is None:
                values["train"].update(epochs=1, batch=4, precision="float32")
            else:  # L-BFGS takes no batches
                values["train"]["lbfgs"] = {**values["train"]["lbfgs"], "iterations": 2}
        return configs.from_dict(configs.read_pairs(self.overrides, values=values))


def read_roots(pairs, known, result: str) -> dict:
    """Return {dataset: folder} from texts `dataset=folder`.

    Raises:
        InputError: a dataset is not among `known`, those that the result reads, or a folder is
            missing.
    """
    roots = {}
    for pair in pairs:
        name, _, path = pair.partition("=")
        if name not in known:
            raise InputError(f"--root {pair}: {result} reads "
                             f"{' and '.join(known) or 'no dataset'}")
        if not path or not Path(path).is_dir():
            raise InputError(f"--root {pair}: no such folder")
        roots[name] = path
    return roots
