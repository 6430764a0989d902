"""Contents of picture files as pixels: upright, on a ground where they are transparent."""
import io
from typing import Optional, Sequence

import cv2
import numpy as np
from PIL import PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from keras_saliency.files.orientation import (
    TIFF_STARTS,
    orientation,
    tiff_value,
    turn,
    turn_back,
)

WHITE = (255, 255, 255)
# Not BMP, whose fourth channel is mostly nothing.
_KINDS_WITH_ALPHA = {
    b"\x89PNG": PngImagePlugin.PngImageFile, b"RIFF": WebPImagePlugin.WebPImageFile,
    **dict.fromkeys(TIFF_STARTS, TiffImagePlugin.TiffImageFile)}
_SAMPLES = 277  # tag of a TIFF: values of a pixel
_MODES_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")


def decode_pixels(contents: bytes, background: Sequence[int] = WHITE,
                  upright: bool = True) -> Optional[np.ndarray]:
    """Return the pixels uint8 [H, W, 3] RGB of a picture file; None if it cannot be decoded, as a
    TIFF of floating-point numbers: it does not say which of them is white.

    Grayscale is repeated, 16 bits are reduced to 8.

    Args:
        background: (r, g, b), 0..255, on which lies what is transparent.
        upright: turn the picture by its EXIF orientation.
    """
    if is_float(contents):
        return None
    try:
        rgba = _with_alpha(contents)
    except Exception:  # a damaged file makes PIL raise any of a dozen types
        rgba = None
    if rgba is not None and (rgba[..., 3] < 255).any():
        picture = on_ground(rgba, background)
    else:
        picture = _decoded(contents, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if picture is None:
            return None
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    turned = contents.startswith(TIFF_STARTS)  # by OpenCV and by PIL
    if turned == upright:
        return picture
    return (turn if upright else turn_back)(picture, orientation(contents))


def is_float(contents: bytes) -> bool:
    """Return True for a TIFF whose pixels are floating-point numbers."""
    if contents[:2] not in (b"II", b"MM"):
        return False
    stored = _decoded(contents, cv2.IMREAD_UNCHANGED)
    return stored is not None and stored.dtype.kind == "f"


def _decoded(contents, flags) -> Optional[np.ndarray]:
    try:
        return cv2.imdecode(np.frombuffer(contents, np.uint8), flags)
    except (cv2.error, MemoryError):  # a longer side than OpenCV takes, or no memory for it
        return None


def _with_alpha(contents) -> Optional[np.ndarray]:
    """Return the pixels uint8 [H, W, 4] RGBA, as stored, of a picture that may be transparent.

    None for one that cannot be. Raises what PIL raises for a damaged one.
    """
    # Not by OpenCV, which drops the transparency of gray pictures and multiplies that of a TIFF.
    for start, opened in _KINDS_WITH_ALPHA.items():
        if contents.startswith(start):
            # of another TIFF PIL may warn of what does not matter here
            if start in TIFF_STARTS and tiff_value(contents, _SAMPLES) not in (2, 4):
                return None
            picture = opened(io.BytesIO(contents))
            if picture.mode in _MODES_WITH_ALPHA or "transparency" in picture.info:
                return np.asarray(picture.convert("RGBA"))
    return None


def on_ground(rgba: np.ndarray, background: Sequence[int] = WHITE) -> np.ndarray:
    """Return uint8 [H, W, 3] of RGBA uint8 [H, W, 4] on a color."""
    alpha = rgba[..., 3].astype(np.uint16)
    return np.stack([(rgba[..., k] * alpha + np.uint16(background[k]) * (255 - alpha) + 127) // 255
                     for k in range(3)], axis=-1).astype(np.uint8)
