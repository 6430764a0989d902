"""The step from a network's map on its canvas to the map that its authors publish, as data.

`tensors.finished`, `arrays.finished` and `finished` of the web page's finish.js carry it out.
"""
import math
import numbers
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Optional

from keras_saliency.files import require

MOST_WEIGHTS = 1024  # of a blur


@dataclass(frozen=True)
class Finish:
    """Steps from a canvas map to the published one, in the order of the attributes.

    Attributes:
        scale, shift: the map is multiplied by the first, then the second is added.
        clip: (lowest, highest) value, or None. Then the padding is cropped, and the map is resized
            to the picture.
        blur: an odd number of weights of a filter along each axis; none for no blur. At the border
            the weights inside the picture grow to sum to 1.
        lower: lowest value, or None. normalise: the map is divided by its sum.
    """

    scale: float = 1.0
    shift: float = 0.0
    clip: Optional[tuple] = None
    blur: tuple = ()
    lower: Optional[float] = None
    normalise: bool = False

    @property
    def keeps_order(self) -> bool:
        """True if the maps differ by their size and a positive factor alone, which NSS ignores."""
        return replace(self, scale=1.0, shift=0.0, normalise=False) == Finish() and self.scale > 0

    def to_dict(self) -> dict:
        """Plain numbers and lists, as JSON holds them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Finish":
        """Read what `to_dict` wrote."""
        names = [field.name for field in fields(cls)]
        require(isinstance(values, dict) and not set(values) - set(names),
                f"a finish has {', '.join(names)}, not {values!r:.100}")
        values = {key: tuple(value) if isinstance(value, list) else value
                  for key, value in values.items()}
        found = cls(**values)
        clip, blur = (0.0, 0.0) if found.clip is None else found.clip, found.blur
        require(isinstance(clip, tuple) and len(clip) == 2 and isinstance(blur, tuple)
                and len(blur) <= MOST_WEIGHTS and isinstance(found.normalise, bool)
                and are_numbers(found.scale, found.shift, *clip, *blur)
                and (found.lower is None or are_numbers(found.lower))
                and (not blur or len(blur) % 2 and sum(blur) > 0), f"not a finish: {values!r:.200}")
        return found


DENSITY = Finish(normalise=True)  # mass on the padding is not in the picture


def are_numbers(*values: Any) -> bool:
    """Return True if all are finite real numbers; true and false are none."""
    return all(isinstance(value, numbers.Real) and not isinstance(value, bool)
               and math.isfinite(value) for value in values)
