"""The registry's facts about a model; each model's file ends with its `SPEC`."""
from dataclasses import dataclass
from typing import Callable, Optional

from keras_saliency import maps
from keras_saliency.maps.finish import Finish


@dataclass(frozen=True)
class ModelSpec:
    """Every fact about a published model that code outside its file needs.

    Attributes:
        builder: function (input_shape, **options) -> keras.Model on RGB 0..255. `input_shape` is
            (H, W, 3), None for any size; the option `width_multiplier` is a factor on the numbers
            of filters, for tests. For a classical model, function (image [H, W, 3], **options) ->
            float32 [H, W] in 0..1.
        citation: authors, year, title, place.
        canvas, fit, density, finish: those of its `Facts`, unless a config or a weights file says
            otherwise; canvas None for a classical model, which works at the image's own size.
        published: the sizes that papers state, for the table of `keras-saliency summary`.
    """

    builder: Callable
    citation: str
    canvas: Optional[tuple] = None
    fit: str = maps.PAD
    density: bool = False
    finish: Finish = Finish()
    published: str = ""

    @property
    def classical(self) -> bool:
        """A function of an image; nothing was trained."""
        return self.canvas is None
