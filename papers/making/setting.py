"""What a result is made with: the user's data, models and changes, or small generated ones."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

from keras_saliency import config as configs
from keras_saliency.config import Config
from keras_saliency.datasets import popout
from keras_saliency.files import InputError
from keras_saliency.units.popout import ARRAYS, SIZE
from papers.making.spec import ROOTS

# Name -> the section `data` of a config, as the dataset's literature has it.
SECTIONS = {
    "osie": {"name": "osie", "sigma_pixels": 16},
    "mit1003": {"name": "fixatons", "upright": True},  # of the FixaTons collection
}
# Generated arrays in the place of a dataset, for --quick.
QUICK_SIZE, QUICK_CANVAS, QUICK_COUNT = (96, 128), (48, 64), 24


@dataclass(frozen=True)
class Setting:
    """What a result is made with.

    Attributes:
        scratch: folder of trainings, caches and pictures of stimuli.
        recipes: folder of the config files, the repository's `configs/`.
        roots: dataset -> its folder, as of `ROOTS`.
        weights, pictures, least_images: of the command line; None or empty where not given.
        overrides: `key.sub=value` texts that change the recipe.
        quick: generated arrays, tiny widths, no weights: shows in seconds that all of it runs.
        log: called with each line for the user.
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
        """The folder of a dataset; `InputError` with the option that names it if there is none."""
        if name not in self.roots:
            raise InputError(f"this result reads {ROOTS[name]}: --root {name}=PATH")
        return self.roots[name]

    def section(self, dataset: str, **changes) -> dict:
        """The section `data` of a config for "osie" or "mit1003".

        With `quick` generated arrays take its place: only the `canvas` is known, and it is small.
        """
        if self.quick:
            return {"name": "popout", "sigma_pixels": 6, "canvas": list(QUICK_CANVAS), "options": {
                "count": QUICK_COUNT, "size": list(QUICK_SIZE), "seed": sorted(SECTIONS).index(
                    dataset)}}
        return {**SECTIONS[dataset], "root": self.root(dataset), **changes}

    def data(self, dataset: str, **changes) -> configs.DataConfig:
        """As `section`, as a `DataConfig`."""
        return configs.from_dict({"data": self.section(dataset, **changes)}).data

    def arrays(self):
        """The generated pop-out arrays that models and units are scored on: those of the tables, or
        with `quick` few and small ones."""
        size, count = (QUICK_SIZE, QUICK_COUNT) if self.quick else (SIZE, ARRAYS)
        return popout.load(count=count, size=size)

    def config(self, recipe: str, name: str, data, **changes) -> Config:
        """The config of one training of this result.

        Args:
            recipe: file of `recipes`. name: of the run, whose folder lies in `scratch`.
            data: what takes the place of its section `data`: that of `section`.
            changes: sections `model`, `train` and `evaluation`: keys that change. What the user
                gave with --set comes last.
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
            else:  # which takes no batches
                values["train"]["lbfgs"] = {**values["train"]["lbfgs"], "iterations": 2}
        return configs.from_dict(configs.read_pairs(self.overrides, values=values))


def read_roots(pairs, known, result: str) -> dict:
    """{dataset: folder} of texts `dataset=folder`.

    Raises:
        InputError: a dataset that `result` does not read (`known` are those that it does), or a
            folder that is not there.
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
