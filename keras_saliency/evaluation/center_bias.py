"""The center_bias of a training set: the density of its fixations, whatever the image.

Fixations are brought to relative coordinates, x / W and y / H, and sorted into a square grid of
G x G cells. Kernel density estimate and histogram are then the same product of matrices
rows [H, G] @ counts [G, G] @ columns [G, W], evaluated at the pixels of any image size; they
differ in the profile that a grid cell has along an axis. It is linear in the counts, so leaving
one image out is a subtraction.
"""
from functools import lru_cache
from typing import Callable, Optional, Sequence

import numpy as np

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.evaluation.densities import Density, best_bandwidth, mixed
from keras_saliency.files import require

# Cells per axis of the kernel density estimate: the smallest bandwidth spans several.
_GRID = 256
_BANDWIDTHS = (0.01, 0.5)
_BINS = (4, 6, 8, 12, 16, 24, 32, 48, 64)
_MOST_PAIRED = 256  # fixations up to which sums over pairs cost less than sums over the grid


class CenterBias:
    """A center_bias fitted to training fixations; build it with `center_bias`.

    Attributes:
        method, bandwidth, bins, uniform_weight: as of `center_bias`.
        dataset, stimuli: name and size of the training set.
    """

    def __init__(self, training: SaliencyDataset, method, bandwidth, bins, uniform_weight):
        self.method, self.bandwidth, self.bins = method, bandwidth, bins
        self.uniform_weight = uniform_weight
        self.dataset, self.stimuli = training.name, len(training)
        self._index = {name: i for i, name in enumerate(training.names)}
        self._cells = _Cells(training.fixations, bins or _GRID)
        # one training set has few image sizes, and all its maps share what is computed here
        self._spread = lru_cache(maxsize=4)(self._compute_spread)

    def __call__(self, dataset: SaliencyDataset, index: int) -> Density:
        """Predict stimulus `index` of any dataset, in its size.

        A training stimulus (same dataset, same name) is left out of its own density.
        """
        return self.predict(dataset.sizes[index], self.index_of(dataset, index))

    def index_of(self, dataset: SaliencyDataset, index: int) -> Optional[int]:
        """Return the index among the training stimuli of a stimulus of any dataset, or None."""
        return self._index.get(dataset.names[index]) if dataset.name == self.dataset else None

    def predict(self, size: Sequence[int], leave_out: Optional[int] = None) -> Density:
        """Predict an image of `size` (H, W) without the training stimulus `leave_out`.

        Without any other stimulus the density is uniform.
        """
        rows, columns, mass = self._spread(*(int(s) for s in size))
        if leave_out is not None:
            y, x = self._cells.of(leave_out)
            # Rounding may leave a little less than nothing where only this image has fixations
            mass = np.maximum(mass - rows[:, y] @ columns[:, x].T, 0)
            if len(y) == len(self._cells):
                mass = np.zeros_like(mass)
        return mixed(mass, self.uniform_weight)

    def _compute_spread(self, height, width):
        profile = _profile(self.bandwidth)
        rows, columns = (profile(length, self._cells.grid) for length in (height, width))
        return rows, columns, rows @ self._cells.counts() @ columns.T


def center_bias(training: SaliencyDataset, method: str = "kde", bandwidth: Optional[float] = None,
                bins: Optional[int] = None, uniform_weight: float = 0.001) -> CenterBias:
    """Fit a center_bias to the fixations of a training set.

    Args:
        training: dataset with fixations.
        method: "kde", Gaussians around the fixations, cut off at the image's border; or
            "histogram", counts in square bins (in relative coordinates), interpolated linearly
            between bin centers.
        bandwidth: of "kde", the standard deviation as a share of height and width, 0.01..0.5; None
            for the one with the highest leave-one-image-out log-likelihood.
        bins: of "histogram", cells per axis; None for the best of nine numbers, likewise.
        uniform_weight: share of the mass spread evenly, in (0, 1].

    Raises:
        InputError: unknown method, or an option out of range or of the other method.
        DatasetError: `training` has no fixations.
    """
    require(0 < uniform_weight <= 1,  # a density of 0 has no logarithm
            f"uniform_weight must be above 0 and at most 1, not {uniform_weight}")
    require(method in ("kde", "histogram"), f'method must be "kde" or "histogram", not {method!r}')
    require((bins if method == "kde" else bandwidth) is None,
            'bandwidth belongs to "kde", bins to "histogram"')
    require(training.has_fixations, f"{training.name} has no fixations to take a center_bias from",
            DatasetError)
    if method == "kde":
        if bandwidth is None:
            cells = _Cells(training.fixations, _GRID)
            bandwidth = best_bandwidth(
                lambda b: cells.leave_one_out_score(_profile(b), uniform_weight), *_BANDWIDTHS)
        require(_BANDWIDTHS[0] <= bandwidth <= _BANDWIDTHS[1],
                f"bandwidth must lie in 0.01..0.5 of the image, not {bandwidth}")
    else:
        if bins is None:
            bins = max(_BINS, key=lambda b: _Cells(training.fixations, b).leave_one_out_score(
                _profile(None), uniform_weight))
        require(1 <= bins <= _GRID, f"bins must be 1..{_GRID} per axis, not {bins}")
    return CenterBias(training, method, bandwidth, bins, uniform_weight)


class _Cells:
    """The grid cells (y, x) of fixations in relative coordinates."""

    def __init__(self, fixations, grid: int):
        size = fixations.sizes[fixations.image]
        # the center of the fixated pixel, so that a picture of any size covers the same range
        self.y = ((np.floor(fixations.y) + 0.5) / size[:, 0] * grid).astype(np.intp)
        self.x = ((np.floor(fixations.x) + 0.5) / size[:, 1] * grid).astype(np.intp)
        self.grid, self._offsets = grid, fixations.offsets

    def __len__(self) -> int:
        return len(self.y)

    def of(self, image: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the cells (y, x), int [n] each, of one image's fixations."""
        rows = slice(self._offsets[image], self._offsets[image + 1])
        return self.y[rows], self.x[rows]

    def counts(self) -> np.ndarray:
        """Count all fixations in each cell, float64 [G, G]."""
        return _counted(self.y, self.x, self.grid)

    def leave_one_out_score(self, profile: Callable, uniform_weight: float) -> float:
        """Return the mean over images of the nats over uniform at their fixations, left out.

        The densities are those on the grid itself.
        """
        kernel = profile(self.grid, self.grid)
        spread = kernel @ self.counts() @ kernel.T
        column_sums = kernel.sum(axis=0)
        total, scores = spread.sum(), []
        for image in range(len(self._offsets) - 1):
            y, x = self.of(image)
            if 0 < len(y) < len(self):
                own = _own_mass(kernel, y, x)
                rest = total - column_sums[y] @ column_sums[x]
                density = np.maximum(spread[y, x] - own, 0) / rest * self.grid ** 2
                scores.append(np.log((1 - uniform_weight) * density + uniform_weight).mean())
        return float(np.mean(scores)) if scores else float("nan")


def _counted(y, x, grid) -> np.ndarray:
    """float64 [G, G]: the number of cells (y, x), int [n] each, that are the same."""
    flat = np.bincount(y * grid + x, minlength=grid ** 2)
    return flat.reshape(grid, grid).astype(np.float64)


def _own_mass(kernel, y, x) -> np.ndarray:
    """float64 [n]: what n fixations in the cells (y, x) add up to at each of these cells.

    Two ways to the same sums: over pairs, which grows with the square of n, or over the grid.
    """
    if len(y) <= _MOST_PAIRED:
        return (kernel[y[:, None], y] * kernel[x[:, None], x]).sum(axis=1)
    return (kernel @ _counted(y, x, len(kernel)) @ kernel.T)[y, x]


def _profile(bandwidth):
    """(length, grid) -> [length, grid]: the share of each cell at each pixel of an axis."""
    def gaussian(length, grid):
        distance = _centers(length)[:, None] - _centers(grid)[None]
        return np.exp(-0.5 * (distance / bandwidth) ** 2)

    def linear(length, grid):  # flat beyond the center of the outermost cells
        place = np.clip(_centers(length) * grid - 0.5, 0, grid - 1)
        return np.maximum(1 - np.abs(place[:, None] - np.arange(grid)[None]), 0)

    return linear if bandwidth is None else gaussian


def _centers(count: int) -> np.ndarray:
    """float64 [count]: centers of equal parts of 0..1."""
    return (np.arange(count) + 0.5) / count
