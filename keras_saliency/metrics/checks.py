"""Checks of what metrics are given, and float64 arithmetic on whole maps.

Every check takes anything `numpy.asarray` understands and raises `InputError` with the reason and
the remedy for another shape, for NaN and for values that it does not accept. Minimum and maximum
are found once. They also prove that a map is finite: NaN and infinity show in them.
"""
from typing import NamedTuple, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import InputError, require

EPS = 2.0 ** -52  # MATLAB's eps
# Below this size a fixation map and a density map cannot be told apart by their values.
_TELLABLE = 100
# Shorter than what OpenBLAS splits over threads. Its threads wait for each other: with another
# process (a training run, say) on a core, a dot product of a whole map took 30 times as long.
_SLICE = 8192


class Map(NamedTuple):
    """A checked map: `values` [H, W], contiguous float32 or float64, and its range."""

    values: np.ndarray
    low: float
    high: float

    @property
    def constant(self) -> bool:
        """True without differences, or only with some that float64 cannot divide by."""
        return self.high - self.low < 1e-300

    def centred(self) -> np.ndarray:
        """Return the map, not constant, minus its mean; float64 [H * W], a new array.

        It is also divided by its range if squares would otherwise leave float64.
        """
        values = self.values.ravel().astype(np.float64)
        span = self.high - self.low
        if not 1e-100 < span < 1e100:
            values = (values - self.low) / span
        values -= values.mean()
        return values

    def mass(self) -> np.ndarray:
        """Return the map minus its minimum; float64 [H * W], a new array, ones if constant.

        Divided by its sum this is the map "min-max normalised, then summing to 1": the division by
        the range cancels.
        """
        if self.constant:
            return np.ones(self.values.size)
        values = self.values.ravel().astype(np.float64)
        if self.low != 0:
            values -= self.low
        return values


class Pixels(NamedTuple):
    """Fixated pixels: flat `index` int64 [n] (ascending) and `counts` [n], all above 0."""

    index: np.ndarray
    counts: np.ndarray


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return the sum of a * b of two float64 [n]."""
    return float(sum(a[k:k + _SLICE].dot(b[k:k + _SLICE]) for k in range(0, len(a), _SLICE)))


def check_map(values: ArrayLike, name: str = "saliency_map",
              shape: Optional[Sequence[int]] = None) -> Map:
    """Check a finite map [H, W] of any scale; dtypes other than float32 become float64."""
    values = _array(values, name, shape)
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    values = np.ascontiguousarray(values)
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = np.count_nonzero(~np.isfinite(values))
        raise InputError(f"{name} holds NaN or infinity at {bad} of {values.size} pixels; "
                         "score finite maps only (a diverged model or log(0) is the usual cause)")
    if not np.isfinite(float(high) - float(low)):
        raise InputError(f"{name} spans {low:.3g} to {high:.3g}, more than float64 can subtract")
    return Map(values, float(low), float(high))


def check_fixations(values: ArrayLike, shape: Sequence[int], name: str = "fixation_map",
                    union: bool = False) -> Pixels:
    """Return the fixated pixels of a map [H, W] of counts (bool, integer, or whole floats).

    In a `union` of many images a pixel may have been fixated any number of times.
    """
    values = _array(values, name, shape)
    index = np.flatnonzero(values != 0)  # NaN is not 0, so one look at these few is enough
    counts = values.ravel()[index]
    require(np.isfinite(counts).all(),
            f"{name} holds NaN or infinity; it must count fixations per pixel")
    require(not (counts < 0).any(),
            f"{name} holds negative values; it must count fixations per pixel (0, 1, 2, ...)")
    require(not _has_fractions(counts) and (union or not _looks_like_picture(counts)),
            f"{name} looks like a blurred density: it must count fixations per pixel (0, 1, 2, "
            "...). Pass the unblurred fixation_map; for densities use cc, sim, kld or emd")
    return Pixels(index, counts)


def check_density(values: ArrayLike, shape: Sequence[int],
                  name: str = "fixation_density_map") -> Optional[Map]:
    """Check a density [H, W] >= 0 of any scale; None if it sums to 0 and so holds no fixation.

    A fixation map is refused. Maps under 100 pixels and maps with a single 1 could be either and
    are accepted.
    """
    density = check_map(values, name, shape)
    require(density.low >= 0, f"{name} must not be negative (minimum {density.low:.3g}); clip the "
                              "undershoot of a resize at 0, or take exp() of a log-density")
    if density.high == 0:
        return None
    require(not _looks_like_counts(density),
            f"{name} looks like an unblurred fixation_map: isolated whole numbers. Blur it first "
            "(datasets.fixations.density_map); for counts use the AUCs, nss or information_gain")
    return density


def check_log_density(values: ArrayLike, name: str = "log_density",
                      shape: Optional[Sequence[int]] = None) -> Map:
    """Check a log-density [H, W] in nats whose exponentials sum to 1 (within 0.1 %)."""
    checked = check_map(values, name, shape)
    total = np.exp(checked.values - checked.high, dtype=np.float64).sum()
    logsumexp = checked.high + float(np.log(total))
    require(abs(logsumexp) <= 1e-3, f"{name} must be a normalised log-density in nats: logsumexp "
            f"0, not {logsumexp:.4g}. Subtract scipy.special.logsumexp({name}); for maps of "
            "arbitrary scale use information_gain")
    return checked


def check_mask(values: ArrayLike, shape: Sequence[int], name: str = "mask") -> np.ndarray:
    """Return the flat indices int64 [n] of the pixels inside a mask [H, W] (bool, 0/1, 0/255)."""
    values = _array(values, name, shape)
    index = np.flatnonzero(values != 0)
    inside = values.ravel()[index]
    require((inside == inside[:1]).all(), f"{name} must be binary: bool, 0/1 or 0/255. Compare it "
            "with a threshold or with the label value of interest first")
    return index


def _array(values, name: str, shape=None) -> np.ndarray:
    """`values` as a real array [H, W], of `shape` if that is given."""
    values = np.asarray(values)
    require(values.dtype.kind in "biuf", f"{name} must hold real numbers, not {values.dtype}")
    remedy = "; take one map with [..., 0]" if values.ndim in (3, 4) else ""
    require(values.ndim == 2 and values.size, f"{name} must be two-dimensional [H, W] and not "
            f"empty, not of shape {values.shape}{remedy}")
    require(shape is None or values.shape == tuple(shape),
            f"{name} has shape {values.shape}, but the prediction {shape}; resize the prediction "
            "to the size of the stimulus (never a fixation_map)")
    return values


def _has_fractions(values) -> bool:
    return values.dtype.kind == "f" and bool((values != np.floor(values)).any())


def _looks_like_picture(counts) -> bool:
    """True for a density saved as 8 bits: many different whole numbers, of which none prevails."""
    distinct, repeats = np.unique(counts, return_counts=True)
    return len(distinct) > 20 and 2 * repeats.max() <= len(counts)


def _looks_like_counts(density: Map) -> bool:
    """True for whole numbers that are mostly 0, and mostly one number where they are not."""
    values = density.values
    if values.size < _TELLABLE or density.high != np.floor(density.high) or density.high > 65535:
        return False
    count = np.count_nonzero(values)
    # A map with a single 1 sums to 1: it may be the density of a one-pixel certainty.
    if 2 * count > values.size or (count == 1 and density.high == 1):
        return False
    positive = values[values != 0]
    return not _has_fractions(positive) and bool(
        2 * np.bincount(positive.astype(np.intp)).max() > count)
