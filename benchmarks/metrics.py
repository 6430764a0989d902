"""Times the metrics against a line-by-line transcription of their definitions and pysaliency.

All on the same float32 maps of 600x800 pixels with 150 fixations, in one process and in turn, so
that other work on the machine hits all alike. pysaliency takes lists of coordinates; finding them
in the maps is timed with it, as it is with ours.
"""
import time
from typing import NamedTuple, Optional

import cv2
import numpy as np
import transcription

from keras_saliency import metrics


class Row(NamedTuple):
    """One metric, or their sum: milliseconds per image, best calls, mean over images.

    Attributes:
        metric: name in `METRICS`, or "all".
        ours, transcription: milliseconds.
        pysaliency: milliseconds; None where it is not installed or has no such metric.
        difference: largest absolute difference between our score and the transcription's; for
            the sampled AUCs that of the sampling. None for "all".
    """

    metric: str
    ours: float
    transcription: float
    pysaliency: Optional[float]
    difference: Optional[float]


def run(images=50, rounds=2, log=print) -> list:
    """Measure the eight metrics other than EMD; about a minute.

    Args:
        images: how many sets of maps. rounds: how often the contenders take turns on each, with
            three calls a turn, the best of which counts.
        log: takes the lines of the table; None for none.

    Returns:
        Eight `Row`s and their sum.
    """
    theirs = _pysaliency()
    times, differences, broken = {}, {}, set()
    for seed in range(images):
        maps = make_maps(seed=seed)
        third = theirs(*maps) if theirs else {}
        broken |= set(third) - set(_working(third))
        third = {name: call for name, call in third.items() if name not in broken}
        for name, (ours, slow) in contenders(*maps).items():
            calls = [ours, slow] + ([third[name]] if name in third else [])
            times.setdefault(name, []).append(milliseconds(*calls, rounds=rounds))
            differences.setdefault(name, []).append(abs(ours() - slow()))
    rows = [Row(name, *_three(np.mean(values, axis=0)), max(differences[name]))
            for name, values in times.items()]
    rows.append(Row("all", sum(r.ours for r in rows), sum(r.transcription for r in rows),
                    None, None))
    if log:
        note = "pysaliency not importable" if theirs is None else ""
        if broken:
            note = f"pysaliency fails here on {', '.join(sorted(broken))}"
        log(describe(rows, images, note))
    return rows


def describe(rows, images, note="") -> str:
    """The rows as a text table, with a note in its first line."""
    lines = [f"600x800, 150 fixations, {images} images, numpy {np.__version__}; "
             f"milliseconds per image{f'; {note}' if note else ''}",
             f"{'metric':<18}{'ours':>9}{'line by line':>14}{'ratio':>7}{'pysaliency':>12}"
             f"{'ratio':>7}{'difference':>12}"]
    for row in rows:
        third = f"{'':>19}" if row.pysaliency is None else (
            f"{row.pysaliency:12.2f}{row.pysaliency / row.ours:7.1f}")
        difference = "" if row.difference is None else f"{row.difference:.1e}"
        lines.append(f"{row.metric:<18}{row.ours:9.2f}{row.transcription:14.2f}"
                     f"{row.transcription / row.ours:7.1f}{third}{difference:>12}".rstrip())
    return "\n".join(lines)


def make_maps(height=600, width=800, fixations=150, seed=0) -> tuple:
    """A smooth map with noise, and references that fit it.

    Returns:
        saliency_map float32, fixation_map int32 (drawn from the smooth part),
        fixation_density_map float64 (blurred by 24 pixels, sums to 1), other_map int32 (10 times
        as many, drawn around the center), baseline_map float32; each [height, width].
    """
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 25)
    smooth = np.exp(3 * (smooth - smooth.mean()) / smooth.std())
    noise = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 8)
    saliency_map = np.sqrt(smooth) + (noise - noise.mean()) / noise.std() * 0.3
    rows, columns = np.mgrid[:height, :width]
    baseline = np.exp(-((rows / height - 0.5) ** 2 + (columns / width - 0.5) ** 2) * 8)

    def draw(density, count):
        drawn = rng.choice(density.size, count, False, (density / density.sum()).ravel())
        counts = np.zeros(density.size, np.int32)
        counts[drawn] = 1
        return counts.reshape(density.shape)

    fixation_map, other_map = draw(smooth, fixations), draw(baseline, 10 * fixations)
    density = cv2.GaussianBlur(fixation_map.astype(np.float64), (0, 0), 24)
    return ((saliency_map - saliency_map.min()).astype(np.float32), fixation_map,
            density / density.sum(), other_map, baseline.astype(np.float32))


def contenders(saliency_map, fixation_map, density, other_map, baseline_map) -> dict:
    """{metric: (ours, transcription)} as calls without arguments that return the score."""
    s, f = saliency_map, fixation_map
    count = int((f > 0).sum())

    def slow_borji():
        return transcription.auc_borji(
            s, f, np.random.RandomState(0).randint(0, s.size, (100, count)))

    def pair(name, *references):
        ours, slow = getattr(metrics, name), getattr(transcription, name)
        return (lambda: ours(s, *references)), (lambda: slow(s, *references))

    return {
        "auc_judd": pair("auc_judd", f),
        "auc_borji": (lambda: metrics.auc_borji(s, f), slow_borji),
        "auc_shuffled": pair("auc_shuffled", f, other_map),
        "nss": pair("nss", f),
        "information_gain": pair("information_gain", f, baseline_map),
        "cc": pair("cc", density),
        "sim": pair("sim", density),
        "kld": pair("kld", density),
    }


def milliseconds(*calls, rounds) -> list:
    """Best time of each call; they take turns, three calls each (the first refills the cache)."""
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for k, call in [(k, call) for k, call in enumerate(calls) for _ in range(3)]:
            start = time.perf_counter()
            call()
            best[k] = min(best[k], 1e3 * (time.perf_counter() - start))
    return best


def _three(values) -> list:
    """Ours, transcription and pysaliency or None."""
    return [*map(float, values)] + [None] * (3 - len(values))


def _working(calls) -> dict:
    """The calls that do not raise: releases of pysaliency and numpy may not fit together."""
    working = {}
    for name, call in calls.items():
        try:
            call()
        except Exception:  # whatever is wrong over there, the rest can be measured
            continue
        working[name] = call
    return working


def _pysaliency():
    """A function of maps to {metric: call} of pysaliency's counterparts; None if it (or what it
    imports) is missing."""
    try:
        from pysaliency import metrics as theirs
        from pysaliency.roc import general_roc
    except ImportError:
        return None

    def calls(saliency_map, fixation_map, density, other_map, baseline_map):
        def at(counts):
            rows, columns = np.nonzero(counts)
            return saliency_map[rows, columns]

        def nss():
            rows, columns = np.nonzero(fixation_map)
            return np.mean(theirs.NSS(saliency_map, columns, rows))

        def kld():
            with np.errstate(divide="ignore"):  # it takes log(0) of pixels without density
                return theirs.MIT_KLDiv(saliency_map, density)

        # Its AUCs compare the fixated values with all pixels, or with the values at all other
        # fixations at once: nothing is sampled.
        return {
            "auc_judd": lambda: general_roc(at(fixation_map), saliency_map.ravel(), judd=0),
            "auc_shuffled": lambda: general_roc(at(fixation_map), at(other_map), judd=0),
            "nss": nss,
            "cc": lambda: theirs.CC(saliency_map, density),
            "sim": lambda: theirs.SIM(saliency_map, density),
            "kld": kld,
        }

    return calls
