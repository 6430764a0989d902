"""GBVS: Harel, Koch and Perona, "Graph-Based Visual Saliency" (NIPS 2006).

There are 24 feature maps. The channels are the three axes of the DKL color space (D), intensity (I,
the maximum of red, green and blue) and Gabor energy of intensity at 0, 45, 90 and 135 degrees (O).
Each is computed at levels 2, 3 and 4 of a Gaussian pyramid (1/4, 1/8 and 1/16 of the image). Gabor
filters have deviation 2, elongation 2, period pi and 27x27 pixels; their maps fade out within 13
pixels of the border. All maps M are resized to a grid with a longer side of 32 nodes. On the
complete graph of the nodes, a Markov chain goes from i to j with a probability proportional to
|M(i) - M(j)| * F(i, j). F is exp(-d^2 / (2 sigma^2)); sigma is 0.15 of the grid's mean side. Its
equilibrium distribution A is the activation. A second chain, proportional to A(j) * F(i, j) with
sigma 0.06, concentrates the mass, once. Maps are averaged within a channel. The channels are added
with equal weights, faded out within 4 nodes of the border, blurred (0.02 of the longer side) and
enlarged to the image.

These are the parameters of the authors' code of 2008-2012 with the paper's normalization; later
code raises A to the power 1.5 instead (`normalization="power"`). Dissimilarity is the code's
difference, not the paper's |log M(i) / M(j)|, which needs positive maps.

Both chains have symmetric conductances, |M(i) - M(j)| F(i, j) and A(i) A(j) F(i, j), so that each
node's equilibrium mass is its share of their sum. This is exact, while the code's power iteration
stops at a change of 1e-4 and alternates for ever on a map of two values.

Further departures: DKL is computed for an sRGB display; the code has tables of the authors'
monitor. Maps within a channel are averaged, as the code's comments say; the code adds them. A map
without contrast has no activation. Levels with a side below 3 pixels are left out. If none is left,
the next finer level with 3 pixels, or the image itself, is used (the code refuses images below 128
pixels).
"""
from functools import lru_cache, partial
from typing import Sequence

import cv2
import numpy as np

from keras_saliency.files import require
from keras_saliency.models.classical import features
from keras_saliency.models.classical.features import faded, min_max, pyramid, resized
from keras_saliency.models.spec import ModelSpec

_gabor = partial(features.gabor_pair, period=np.pi, deviation=2.0, elongation=2.0, radius=13)
_FADED_PIXELS, _FADED_NODES, _SMALLEST = 13, 4, 3  # the last: pixels of a pyramid level


def gbvs(image: np.ndarray, grid_size: int = 32, channels: str = "DIO",
         levels: Sequence = (2, 3, 4), angles: Sequence = (0, 45, 90, 135),
         sigma_activation: float = 0.15, normalization: str = "graph",
         sigma_normalization: float = 0.06, normalization_iterations: int = 1,
         blur: float = 0.02) -> np.ndarray:
    """Return the GBVS map of an image; zeros for a constant image.

    Args:
        grid_size: nodes along the longer side, 8..64; the cost grows with its fourth power.
        channels: any of the letters D, I and O. levels: of the pyramid, each in 0..8.
        angles: of the Gabor filters in degrees, each in 0..180.
        sigma_activation, sigma_normalization: shares of the grid's mean side, 0.01..1.
        normalization: "graph" or "power". normalization_iterations: repetitions, 0..5.
        blur: standard deviation as a share of the grid's longer side, 0..1; 0 for none.
    """
    image = features.check_image(image)
    size = image.shape[:2]
    features.check_number("grid_size", grid_size, 8, 64, whole=True)
    features.check_number("blur", blur, 0, 1)
    features.check_number("normalization_iterations", normalization_iterations, 0, 5, whole=True)
    shares = [features.check_number(name, share, 0.01, 1) for name, share in (
        ("sigma_activation", sigma_activation), ("sigma_normalization", sigma_normalization))]
    require(normalization in ("graph", "power"),
            f'normalization must be "graph" or "power", not {normalization!r}')
    require(isinstance(channels, str) and channels and set(channels) <= set("DIO"),
            f'channels must be letters of "DIO", such as "DIO", not {channels!r}')
    angles = features.check_numbers("angles", angles, 0, 180)
    levels = _room(size, features.check_numbers("levels", levels, 0, 8, whole=True))
    grid = tuple(max(1, round(side * grid_size / max(size))) for side in size)
    reach, narrow = (_closeness(*grid, share) for share in shares)

    rgb = pyramid(image / 255, max(levels))
    master = np.zeros(grid, np.float32)
    for channel in sorted(set(channels)):
        found = [resized(feature, grid, cv2.INTER_CUBIC) for level in levels
                 for feature in _features(channel, rgb[level], angles)]
        for feature in found:
            activation = activated(feature, reach)
            for _ in range(normalization_iterations):
                activation = (concentrated(activation, narrow) if normalization == "graph"
                              else activation ** 1.5)
            master += activation / len(found)
    master = min_max(faded(master, _FADED_NODES))
    if blur > 0:
        master = cv2.GaussianBlur(master, (0, 0), blur * max(grid), borderType=cv2.BORDER_REPLICATE)
    return min_max(resized(min_max(master), size, cv2.INTER_CUBIC))


def activated(feature: np.ndarray, closeness: np.ndarray) -> np.ndarray:
    """Return the equilibrium, float32 [h, w] with sum 1, of the chain towards other values; zeros
    without contrast. `closeness` is F, [h * w, h * w]."""
    if np.ptp(feature) <= features.NOISE:
        return np.zeros_like(feature)
    values = feature.ravel()
    mass = np.einsum("ij,ij->i", np.abs(values[:, None] - values), closeness)
    return (mass / mass.sum()).reshape(feature.shape)


def concentrated(activation: np.ndarray, closeness: np.ndarray) -> np.ndarray:
    """Return the equilibrium, float32 [h, w] with sum 1, of the chain towards high activation;
    zeros for zeros."""
    values = activation.ravel()
    mass = values * (closeness @ values)
    return (mass / max(mass.sum(), np.finfo(np.float32).tiny)).reshape(activation.shape)


@lru_cache(maxsize=4)
def _closeness(height, width, share):
    """Return F, float32 [h * w, h * w]; sigma is a share of the mean side."""
    sigma = share * (height + width) / 2
    rows, columns = (np.exp(-0.5 * ((np.arange(n)[:, None] - np.arange(n)) / sigma) ** 2)
                     for n in (height, width))
    closeness = np.kron(rows, columns).astype(np.float32)
    closeness.setflags(write=False)  # all calls share it
    return closeness


def _room(size, levels) -> list:
    """Return the `levels` that an image of `size` has room for, at least one level."""
    def fits(level):
        return -(-min(size) // 2 ** level) >= _SMALLEST

    return (list(filter(fits, sorted(set(levels))))
            or [next(filter(fits, range(min(levels), -1, -1)), 0)])


def _features(channel, rgb, angles) -> list:
    """Return a channel's feature maps, float32 [h, w], of one level [h, w, 3] of RGB 0..1."""
    if channel == "D":
        return features.dkl(rgb)
    intensity = np.ascontiguousarray(rgb.max(axis=2))
    return [intensity] if channel == "I" else [
        faded(features.gabor_energy(intensity, _gabor(a)), _FADED_PIXELS) for a in angles]


SPEC = ModelSpec(gbvs, citation="Harel, Koch and Perona (2006), Graph-based visual saliency, NIPS")
