"""Times the metrics against their line-by-line transcription (and pysaliency, if installed).

    python tests/metrics/benchmark.py

Best of many runs on the same float32 600x800 maps with 150 fixations, all in one process, in
turn, so that other work on the machine hits all alike. pysaliency takes lists of coordinates;
finding them in the maps is timed with it, as it is with ours.
"""
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]
import matlab_reference as slow  # noqa: E402
from keras_saliency import metrics  # noqa: E402


def make_maps(height=600, width=800, fixations=150, seed=0):
    """Smooth map, fixations drawn from it, their blurred density, other fixations, baseline."""
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 25)
    smooth = np.exp(3 * (smooth - smooth.mean()) / smooth.std())
    noise = cv2.GaussianBlur(rng.random((height, width)), (0, 0), 8)
    saliency = np.sqrt(smooth) + (noise - noise.mean()) / noise.std() * 0.3
    yy, xx = np.mgrid[:height, :width]
    bias = np.exp(-((yy / height - 0.5) ** 2 + (xx / width - 0.5) ** 2) * 8)

    def draw(density, count):
        drawn = rng.choice(density.size, count, False, (density / density.sum()).ravel())
        counts = np.zeros(density.size, np.int32)
        counts[drawn] = 1
        return counts.reshape(density.shape)

    fixation_map = draw(smooth, fixations)
    density = cv2.GaussianBlur(fixation_map.astype(np.float32), (0, 0), 24)
    other = draw(bias, 10 * fixations)
    return ((saliency - saliency.min()).astype(np.float32), fixation_map, density / density.sum(),
            other, bias.astype(np.float32))


def contenders(s, f, d, o, b):
    """{metric: (ours, transcription)} as calls without arguments."""
    count = int((f > 0).sum())

    def slow_borji():
        drawn = np.random.RandomState(0).randint(0, s.size, (100, count))
        return slow.auc_borji(s, f, drawn)

    return {
        "auc_judd": (lambda: metrics.auc_judd(s, f), lambda: slow.auc_judd(s, f)),
        "auc_borji": (lambda: metrics.auc_borji(s, f), slow_borji),
        "auc_shuffled": (lambda: metrics.auc_shuffled(s, f, o),
                         lambda: slow.auc_shuffled(s, f, o)),
        "nss": (lambda: metrics.nss(s, f), lambda: slow.nss(s, f)),
        "information_gain": (lambda: metrics.information_gain(s, f, b),
                             lambda: slow.information_gain(s, f, b)),
        "cc": (lambda: metrics.cc(s, d), lambda: slow.cc(s, d)),
        "sim": (lambda: metrics.sim(s, d), lambda: slow.sim(s, d)),
        "kld": (lambda: metrics.kld(s, d), lambda: slow.kld(s, d)),
    }


def pysaliency_calls(s, f, d, o, b):
    """{metric: call} of pysaliency's counterparts; empty if it is not installed."""
    try:
        from pysaliency import metrics as theirs
        from pysaliency.roc import general_roc
    except ImportError:
        return {}
    def at(fixation_map):
        ys, xs = np.nonzero(fixation_map)
        return s[ys, xs]

    def nss():
        ys, xs = np.nonzero(f)
        return np.mean(theirs.NSS(s, xs, ys))

    # as in its SaliencyMapModel.AUC_per_image: fixated values against all pixels, or against
    # the values at other images' fixations (all of them: no splits)
    return {
        "auc_judd": lambda: general_roc(at(f), s.ravel(), judd=0),
        "auc_shuffled": lambda: general_roc(at(f), at(o), judd=0),
        "nss": nss,
        "cc": lambda: theirs.CC(s, d),
        "sim": lambda: theirs.SIM(s, d),
        "kld": lambda: theirs.MIT_KLDiv(s, d),
    }


def milliseconds(*calls, runs):
    """Best time of each call; they take turns, three calls each (the first refills the cache)."""
    best = [float("inf")] * len(calls)
    for _ in range(runs):
        for k, call in [(k, call) for k, call in enumerate(calls) for _ in range(3)]:
            start = time.perf_counter()
            call()
            best[k] = min(best[k], 1e3 * (time.perf_counter() - start))
    return best


def main():
    maps = make_maps()
    others = pysaliency_calls(*maps)
    total = [0.0, 0.0]
    print(f"numpy {np.__version__}\n{'metric':18}{'ours ms':>9}{'slow ms':>9}{'ratio':>7}"
          f"{'pysaliency ms':>15}")
    for name, (ours, reference) in contenders(*maps).items():
        third = [others[name]] if name in others else []
        fast, plain, *rest = milliseconds(ours, reference, *third, runs=7)
        total = [total[0] + fast, total[1] + plain]
        print(f"{name:18}{fast:9.2f}{plain:9.2f}{plain / fast:7.1f}"
              + "".join(f"{value:15.2f}" for value in rest))
    print(f"{'all eight':18}{total[0]:9.2f}{total[1]:9.2f}{total[1] / total[0]:7.1f}")
    print(f"{'emd':18}{milliseconds(lambda: metrics.emd(maps[0], maps[2]), runs=1)[0]:9.2f}")


if __name__ == "__main__":
    main()
