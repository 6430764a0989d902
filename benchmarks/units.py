"""Speed of scoring and dissecting the units of a layer, against enlarging their maps."""
import resource
import subprocess
import sys
import time

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency import metrics
from keras_saliency.datasets.concepts import Concept, Labels
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.fixations import Fixations, fixation_map
from keras_saliency.models import build_model
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.units import dissection
from keras_saliency.units.activations import activation_model
from keras_saliency.units.interpolation import active_pixels, resampling
from keras_saliency.units.unit_nss import unit_nss
from keras_saliency.units.unit_scores import score_dataset, score_maps

UNITS, CELLS, SIZE, FIXATIONS = 512, (15, 20), (600, 800), 150
LAYERS = [f"block{b}_conv{c}" for b in (4, 5) for c in (1, 2, 3)]
CANVAS = (240, 320)


def run(rounds=5, images=24, memory=(100, 700), log=print) -> dict:
    """Measure and print; returns {what: number}.

    Args:
        rounds: of each measurement, of which the best counts. images: of the forward pass.
        memory: numbers of images whose peak memory is compared; None to leave that out.
    """
    cells, points = make_activations()
    result = {"nss": _compare(lambda: unit_nss(cells[np.newaxis], [points], SIZE)[0],
                              lambda: enlarge_and_score(cells, points), rounds)}
    log(_line("NSS of 512 units", *result["nss"], "largest difference"))
    result["dissection"] = _compare(lambda: fast_iou(cells), lambda: slow_iou(cells), rounds)
    log(_line("IoU of 512 units", *result["dissection"], "largest difference"))
    forward, scoring = measure_overhead(images, rounds)
    result["overhead"] = scoring / forward
    log(f"encoder {1e3 * forward:.0f} ms per image; scoring the units of its last six layers "
        f"{1e3 * scoring:.1f} ms, {100 * scoring / forward:.1f} % of it")
    if memory is not None:
        few, many = (peak_memory(count) for count in memory)
        result["memory"] = many / few
        log(f"peak memory {few:.0f} MB over {memory[0]} images, {many:.0f} MB over {memory[1]}: "
            f"{100 * (many / few - 1):+.1f} %")
    return result


def make_activations(seed=0) -> tuple:
    """(float32 [h, w, U], smooth and sparse like those of a trained layer; points [n, 2])."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(CELLS[0] + 2, CELLS[1] + 2, UNITS))
    smooth = sum(noise[i:i + CELLS[0], j:j + CELLS[1]] for i in range(3) for j in range(3)) / 3
    return (np.maximum(smooth - 0.5, 0).astype(np.float32),
            rng.uniform((0, 0), SIZE[::-1], (FIXATIONS, 2)))


def enlarge_and_score(cells, points) -> np.ndarray:
    """NSS of each unit, one after the other."""
    fixations = fixation_map(points, SIZE)
    return np.array([metrics.nss(cv2.resize(cells[..., unit], SIZE[::-1]), fixations)
                     for unit in range(cells.shape[-1])])


def make_labels(seed=1) -> tuple:
    """(Labels of an image with twelve objects and six parts, the concepts)."""
    rng = np.random.default_rng(seed)
    concepts = [Concept(i + 1, str(i + 1), "object" if i < 12 else "part") for i in range(18)]
    pictures = [np.zeros(SIZE, np.int32), np.zeros(SIZE, np.int32)]
    for concept in concepts:
        top, left = (int(rng.integers(0, side - 150)) for side in SIZE)
        pictures[concept.category == "part"][top:top + 150, left:left + 150] = concept.number
    return Labels(SIZE, pictures, []), concepts


def fast_iou(cells) -> np.ndarray:
    """IoU [U, C] with the patches above the threshold alone interpolated."""
    labels, concepts = make_labels()
    active = active_pixels(cells, _levels(cells), resampling(SIZE, CELLS))
    tally = dissection.count_overlaps(
        active, UNITS, labels, dissection.label_columns(concepts),
        dissection.category_groups(concepts))
    return dissection.intersection_over_union(tally, concepts)[1]


def slow_iou(cells) -> np.ndarray:
    """IoU [U, C] as NetDissect's code tallies it: every map enlarged, the places above the
    threshold listed, and the labels there counted."""
    labels, concepts = make_labels()
    levels, pixels = _levels(cells), np.stack(labels.pixels)
    area = np.bincount(pixels.ravel(), minlength=len(concepts) + 1)[1:]
    both, units = np.zeros((UNITS, len(concepts))), np.zeros((UNITS, 1))
    for unit in range(UNITS):
        mask = cv2.resize(cells[..., unit], SIZE[::-1]) > levels[unit]
        places = np.argwhere(mask)
        units[unit] = len(places)
        both[unit] = np.bincount(pixels[:, places[:, 0], places[:, 1]].ravel(),
                                 minlength=len(concepts) + 1)[1:]
    return both / np.maximum(units + area - both, 1)


def measure_overhead(images, rounds) -> tuple:
    """Seconds per image of (the encoder's forward pass, scoring the units of six layers)."""
    model = build_model("ead")
    forward = forward_function(activation_model(model, LAYERS))
    dataset = _repeated(4)
    batch = tf.random.stateless_uniform([4, *CANVAS, 3], [1, 2], 0, 255)
    best = [np.inf, np.inf]
    score_maps(forward(batch), dataset, range(4), CANVAS)  # compiles both
    for _ in range(rounds):
        times = [0.0, 0.0]
        for _ in range(max(1, images // 4)):
            start = time.perf_counter()
            maps = {layer: tf.identity(values) for layer, values in forward(batch).items()}
            float(tf.reduce_sum(maps[LAYERS[-1]]))  # the pass has ended
            middle = time.perf_counter()
            score_maps(maps, dataset, range(4), CANVAS)
            times[0] += middle - start
            times[1] += time.perf_counter() - middle
        best = [min(b, t / (4 * max(1, images // 4))) for b, t in zip(best, times)]
    return tuple(best)


def peak_memory(count: int) -> float:
    """Megabytes: the peak of a process of its own that scores the units of `count` images."""
    code = ("from benchmarks import units; "
            f"print(units._score_and_report({count}))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _score_and_report(count) -> float:
    model = build_model("ead", width_multiplier=0.25)
    score_dataset(model, LAYERS, _repeated(count), CANVAS)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _repeated(count) -> SaliencyDataset:
    """One picture of noise `count` times, with fixations."""
    rng = np.random.default_rng(3)
    picture = cv2.imencode(".png", rng.integers(0, 255, (*SIZE, 3), np.uint8))[1].tobytes()
    points = rng.uniform((0, 0), SIZE[::-1], (FIXATIONS * count, 2))
    sizes = np.array([SIZE] * count, np.int32)
    return SaliencyDataset(
        "repeated", tuple(f"{i:05d}" for i in range(count)), (picture,) * count, sizes,
        Fixations.build(*points.T, np.repeat(np.arange(count), FIXATIONS), sizes))


def _levels(cells) -> np.ndarray:
    return np.quantile(cells, dissection.QUANTILE, axis=(0, 1)).astype(np.float32)


def _compare(ours, theirs, rounds) -> tuple:
    """(seconds of ours, of theirs, largest difference of the results), the best round each."""
    difference = float(np.abs(ours() - theirs()).max())
    best = [np.inf, np.inf]
    for _ in range(rounds):
        for side, (call, times) in enumerate(((ours, 10), (theirs, 1))):
            for _ in range(times):
                start = time.perf_counter()
                call()
                best[side] = min(best[side], time.perf_counter() - start)
    return (*best, difference)


def _line(what, ours, theirs, difference, label) -> str:
    return (f"{what}: {1e3 * ours:.2f} ms, enlarging every map {1e3 * theirs:.0f} ms: "
            f"{theirs / ours:.0f}x; {label} {difference:.1e}")
