"""What is known of an engine."""
from dataclasses import dataclass
from typing import Callable

from keras_saliency.config import PRECISIONS

AUTO = "auto"
# Of `accelerated.ENGINES`, the fastest first, for those who ask before TensorFlow is imported.
NAMES = ("openvino", "onnxruntime", "tensorflow", "litert")


@dataclass(frozen=True)
class EngineSpec:
    """An engine that runs networks.

    Attributes:
        load: (model, "float32" or "bfloat16") -> function of images float32 [B, h, w, 3] that
            gives maps [B, h, w, 1]; arrays or tensors. May be called from several threads.
        packages: that must be installed. extra: of this package, which brings them.
        native_bfloat16: whether this machine computes bfloat16 natively; None for an engine that
            offers float32 alone.
    """

    load: Callable
    packages: tuple = ()
    extra: str = ""
    native_bfloat16: Callable = None

    @property
    def precisions(self) -> tuple:
        """What it can be asked for."""
        return tuple(p for p in PRECISIONS if p != "bfloat16" or self.native_bfloat16)
