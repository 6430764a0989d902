"""The facts about a model that predicting with it needs; they travel with the model."""
import math
import numbers
import reprlib
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Optional, Sequence

from keras_saliency.config import check_size
from keras_saliency.files import InputError, printable, require
from keras_saliency.maps import geometry
from keras_saliency.maps.finish import Finish


@dataclass(frozen=True)
class Facts:
    """Facts about a model.

    Attributes:
        name: as registered. canvas: (h, w) that it was trained at; None for a model that works at
            the picture's own size, and for a network of any size that does not state one.
        fit: how pictures come onto the canvas, "pad" or "stretch" (see `maps.tensors`).
        turns: whether the canvas is turned for portrait pictures.
        density: whether its maps are densities: they sum to 1, and their logarithm means something.
        finish: from a canvas map to the published one.
        about: training data, licence, scores, file, as JSON holds them.
    """

    name: str
    canvas: Optional[tuple] = None
    fit: str = geometry.PAD
    turns: bool = True
    density: bool = False
    finish: Finish = Finish()
    about: Mapping = field(default_factory=dict, hash=False)

    def changed(self, **changes: Any) -> "Facts":
        """Return the same facts but for some."""
        return check(replace(self, **changes))

    def canvas_for(self, size: Sequence[int]) -> tuple[int, int]:
        """Return the canvas (h, w) for a picture of `size` (H, W)."""
        return geometry.oriented_canvas(size, self.require_canvas(), self.fit, self.turns)

    def require_canvas(self) -> tuple[int, int]:
        """Return the canvas (h, w)."""
        require(self.canvas is not None,
                f"model {self.name!r} takes any size and does not state its canvas; give "
                "canvas=(height, width), or state it by keras_saliency.facts")
        return self.canvas

    def to_dict(self) -> dict:
        """Plain values, as JSON holds them; `from_dict` reads them back."""
        return {**vars(self), "canvas": None if self.canvas is None else list(self.canvas),
                "finish": self.finish.to_dict(), "about": _plain(self.about)}

    @classmethod
    def from_dict(cls, values: Mapping) -> "Facts":
        """Read what `to_dict` wrote."""
        try:
            return check(cls(**{**values, "finish": Finish.from_dict(values["finish"])}))
        except (KeyError, TypeError) as error:
            raise InputError(f"not the facts of a model: {error}") from None


def check(facts: Facts) -> Facts:
    """Return `facts`, the canvas as a tuple; raise `InputError` for what a model cannot have."""
    said = {key: reprlib.repr(value) for key, value in vars(facts).items()}
    require(isinstance(facts.name, str) and isinstance(facts.about, Mapping),
            f"not the facts of a model: name {said['name']}, about {said['about']}")
    require(isinstance(facts.fit, str) and facts.fit in geometry.FITS,
            f"fit {said['fit']} is not {' or '.join(geometry.FITS)}")
    for key in ("turns", "density"):
        require(isinstance(getattr(facts, key), bool),
                f"{key} must be true or false, not {said[key]}")
    require(isinstance(facts.finish, Finish), f"finish must be a Finish, not {said['finish']}")
    return facts if facts.canvas is None else replace(facts, canvas=check_size(facts.canvas))


def provenance(facts: Facts) -> str:
    """Return one line on the training data of a network and the licence of its weights."""
    about = facts.about
    if "provenance" in about:  # of an exported file
        return printable(about["provenance"])
    count = about.get("training_stimuli")
    trained = (f"trained on {f'{count} stimuli of ' if count else ''}{about['dataset']}"
               if "dataset" in about else "its file does not say what it was trained on")
    fitted = about.get("calibration", {})
    calibrated = (f", calibrated on {fitted.get('stimuli')} stimuli of {fitted.get('dataset')}"
                  if fitted else "")
    licence = f"; licence {about['licence']}" if "licence" in about else ""
    return printable(f"{facts.name}, {trained}{calibrated}{licence}")


def _plain(value):
    """A value as JSON holds it: plain dicts, lists, numbers and texts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(its) for key, its in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(its) for its in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    return value if isinstance(value, (str, float, bool, type(None))) else str(value)
