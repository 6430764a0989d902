"""Speed of a network on this machine, and the facts of the machine."""
import os
import platform
import time
from pathlib import Path

import numpy as np

from keras_saliency.prediction.keras_predictor import forward_function

CPU_FACTS = Path("/proc/cpuinfo")


def seconds_per_image(model, size, runs=10, warm_up=2) -> float:
    """Return the median seconds that a network takes for one image in memory.

    Args:
        model: Keras model on RGB 0..255. size: (h, w) of the image.
        runs: number of runs of the median. warm_up: runs before them; the first traces the graph.
    """
    forward = forward_function(model)
    image = np.random.default_rng(0).uniform(0, 255, (1, *size, 3)).astype(np.float32)
    seconds = []
    for _ in range(warm_up + runs):
        begun = time.perf_counter()
        np.asarray(forward(image))
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds[warm_up:]))


def machine() -> dict:
    """Return {"processor": name, "cores": usable by this process, "memory_gib": number}."""
    cores = (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
             else os.cpu_count())
    memory = (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
              if hasattr(os, "sysconf") else 0)
    return {"processor": _processor(), "cores": cores, "memory_gib": round(memory / 2 ** 30, 1)}


def _processor() -> str:
    """Name the processor, on Linux by /proc/cpuinfo."""
    facts = CPU_FACTS.read_text() if CPU_FACTS.is_file() else ""
    names = [line.partition(":")[2].strip() for line in facts.splitlines()
             if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
