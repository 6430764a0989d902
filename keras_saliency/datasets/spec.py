"""The facts of a dataset that the registry holds; each dataset's file ends with its `SPEC`."""
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class DatasetSpec:
    """Every fact about a dataset that code outside of its file needs.

    Attributes:
        load: the reader, function (root, **options) -> SaliencyDataset.
        citation: authors, year, title, place; "" for data of the user's own.
        canvas: (h, w) of the network's input (Kroner et al. 2020, section 4.1, and their code).
        split: (training, validation) stimuli of the whole set as published; None for a set with a
            partition of its own, or for a share of 80 %.
        sigma_dva: blur of the fixation density maps in degrees of visual angle, for sets without
            published ones. sigma_pixels: the same in pixels of the stimulus, if the literature
            gives these.
        collection: True for a reader of several datasets, each in a folder. A dataset that is
            registered on its own as well keeps the facts of that entry.
    """

    load: Callable
    citation: str = ""
    canvas: tuple = (240, 320)
    split: Optional[tuple] = None
    sigma_dva: float = 1.0
    sigma_pixels: Optional[float] = None
    collection: bool = False
