"""What the registry knows of a dataset; each dataset's file ends with its `SPEC`."""
from dataclasses import dataclass
from typing import Callable, Optional


@dataclass(frozen=True)
class DatasetSpec:
    """Every fact about a dataset that code outside of its file needs.

    Attributes:
        load: the reader, function (root, **options) -> SaliencyDataset.
        citation: authors, year, title, place; "" for data of one's own.
        canvas: (h, w) that its stimuli are brought to (Kroner et al. 2020, section 4.1, and their
            code).
        split: (training, validation) stimuli of the whole set as published; None where the set
            comes with a partition, or for a share of 80 %.
        sigma_dva: blur of its fixation density maps in degrees of visual angle, where none are
            published; sigma_pixels: the same in pixels of the stimulus, where its literature says
            it so.
        collection: whether the reader reads any of several datasets, by its folder.
    """

    load: Callable
    citation: str = ""
    canvas: tuple = (240, 320)
    split: Optional[tuple] = None
    sigma_dva: float = 1.0
    sigma_pixels: Optional[float] = None
    collection: bool = False
