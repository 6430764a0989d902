"""What is known of an engine."""
from dataclasses import dataclass
from typing import Callable

from keras_saliency.prediction.runtimes import INT8, PRECISIONS

AUTO = "auto"


@dataclass(frozen=True)
class EngineSpec:
    """An engine that runs networks.

    Attributes:
        load: (model, "float32" or "bfloat16") -> function of images float32 [B, h, w, 3] that
            gives maps [B, h, w, 1]; arrays or tensors. May be called from several threads.
        packages: that must be installed. extra: of this package, which brings them.
        native_bfloat16: whether this machine computes bfloat16 natively; None for an engine that
            does not offer it.
        load_int8: (model, images [H, W, 3] or None, log) -> (such a function, {metric: loss}), see
            `export.int8.quantize`; None for an engine that does not offer it. int8_packages: that
            it needs beside `packages`.
    """

    load: Callable
    packages: tuple = ()
    extra: str = ""
    native_bfloat16: Callable = None
    load_int8: Callable = None
    int8_packages: tuple = ()

    @property
    def precisions(self) -> tuple:
        """What it can be asked for."""
        offered = {"bfloat16": self.native_bfloat16, INT8: self.load_int8}
        return tuple(p for p in PRECISIONS if offered.get(p, True))
