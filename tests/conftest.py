"""Paths and small helpers that the tests share, and the tests for which one stack is enough."""
import gc
import itertools
import os
import runpy
import struct
import sys
import zlib
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.fixations import Fixations

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"
PLANTED_SIZE = (64, 96)
PLANTED_COUNT = 12
SINGLE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")

# Files and folders of tests that get the mark one_stack: neither Keras nor TensorFlow decides their
# result, or one stack is enough for what takes long. `.ci/run` leaves them out on the other one.
ONE_STACK = (
    "areas", "benchmarks", "config", "datasets", "files", "metrics", "papers", "report",
    "cli/test_command_line.py", "cli/test_packaging.py", "cli/test_typing.py",
    "cluster/test_archive.py", "cluster/test_cluster_benchmark.py",
    "cluster/test_cluster_commands.py", "cluster/test_connection.py", "cluster/test_kept.py",
    "cluster/test_resumed.py", "cluster/test_same_numbers.py", "cluster/test_work.py",
    "evaluation/test_center_bias.py", "evaluation/test_comparison.py",
    "evaluation/test_geometry.py", "evaluation/test_gold_standard.py",
    "evaluation/test_metric_options.py", "evaluation/test_prior.py",
    "evaluation/test_results.py", "evaluation/test_seen.py",
    "evaluation/test_stored_maps.py",
    "export/test_engine_scripts.py", "export/test_engines.py", "export/test_fuzz.py",
    "export/test_int8.py", "export/test_package.py", "export/test_picture_bytes.py",
    "export/test_pysaliency_model.py", "export/test_web_page.py",
    "maps/test_arrays.py",
    "models/importing", "models/test_classical.py",
    "prediction/test_exported.py", "prediction/test_foreign_graphs.py",
    "prediction/test_gray.py", "prediction/test_overlay.py", "prediction/test_picture_fuzz.py",
    "prediction/test_prediction_files.py", "prediction/test_screens.py",
    "serving",
    "test_docs.py", "test_import_order.py",
    "training/test_calibration.py", "training/test_kills.py", "training/test_run_folder.py",
    "training/test_several_datasets.py",
    "units/test_detectors.py", "units/test_dissection.py", "units/test_patterns.py",
    "units/test_popout_targets.py", "units/test_quantiles.py", "units/test_regions.py",
    "units/test_relation.py", "units/test_statistics.py", "units/test_unit_masks.py",
    "units/test_variance.py")
# ... except these
BOTH_STACKS = (
    "datasets/test_pipeline.py", "datasets/test_training_data.py",
    "export/test_package.py::test_keras_files_of_all_networks",
    "metrics/test_keras_metrics.py",
    "models/importing/test_convert.py",
    "papers/test_quick_forms.py::test_quick_form[deepgaze1_prior]",
    "papers/test_quick_forms.py::test_quick_form[patterns]",
    "papers/test_quick_forms.py::test_quick_form[unit_changes]",
    "prediction/test_foreign_graphs.py::test_no_operation_of_this_tensorflow_takes_a_file_unseen",
    "serving/test_serving.py::test_maps_are_those_of_predict",
    "training/test_calibration.py::test_a_monotone_distortion_is_undone")


def pytest_configure(config):
    """Give each of the processes that run tests side by side one thread, before they start.

    Two of them would fight over two cores otherwise. Processes that the tests start inherit it.
    oneDNN prepares each kernel for each shape, which takes longer than the work of tiny networks:
    one stack does without it, the other has it.
    """
    if getattr(config.option, "numprocesses", None):
        for name in SINGLE_THREAD:
            os.environ.setdefault(name, "1")
        if keras.__version__.startswith("2."):
            os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    if "PYTEST_XDIST_WORKER" in os.environ:
        cv2.setNumThreads(1)


def pytest_collection_finish():
    """Keep the modules out of what the garbage collector visits, again and again, in a session.

    Their millions of objects stay; a visit takes a third of a second, also of a test that measures
    time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests of ONE_STACK, and put the files of slow tests first.

    A long test that one process begins last leaves the other idle.
    """
    for item in items:
        path = item.nodeid.split("tests/", 1)[-1]
        if _lies_in(path, ONE_STACK) and not _lies_in(path, BOTH_STACKS):
            item.add_marker("one_stack")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def _lies_in(test, places):
    return any(test == place or test.startswith((f"{place}/", f"{place}::", f"{place}["))
               for place in places)


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef):
    """Make what several tests share from the same random numbers, whichever test comes first."""
    if fixturedef.scope != "function":
        keras.utils.set_random_seed(1)


@pytest.fixture
def golden():
    """Folder of the authors' reference values; the test is skipped where it is missing."""
    return _shared("golden")


@pytest.fixture
def osie_root():
    """Folder of the OSIE eye-tracking set; the test is skipped where it is missing."""
    return _shared("data/osie")


@pytest.fixture
def vgg16_file():
    """The ImageNet VGG16 convolutions of `weights/`."""
    return REPOSITORY / "weights" / "vgg16_imagenet.h5"


@pytest.fixture
def osie_sr_sample():
    """Folder of the published OSIE-SR sample; the test is skipped where it is missing."""
    return _shared("data/osie_sr_sample")


@pytest.fixture
def bomb():
    """A PNG of a hundred bytes whose header claims `size` (H, W)."""
    def png(size=(30000, 30000)):
        def chunk(kind, body):
            return struct.pack(">I", len(body)) + kind + body + struct.pack(
                ">I", zlib.crc32(kind + body))
        header = struct.pack(">IIBBBBB", size[1], size[0], 8, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + b"".join(itertools.starmap(chunk, (
            (b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))))
    return png


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script in this process: (exit code, standard output and error)."""
    def script(name, *arguments):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(REPOSITORY / "scripts" / f"{name}.py"), run_name="__main__")
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err
    return script


def _shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared/{name} is not beside the repository")
    return path


@pytest.fixture(scope="module")
def op_by_op():
    """Run TensorFlow's functions op by op in a module, where a run spends most time on tracing.

    The numbers of a run are the same.
    """
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def in_a_graph(op_by_op):
    """Run them in a graph in one test of such a module."""
    tf.config.run_functions_eagerly(False)
    yield
    tf.config.run_functions_eagerly(True)


@pytest.fixture(autouse=True)
def seeded():
    """The same random weights in every run: at tiny widths some draws leave a network dead."""
    keras.utils.set_random_seed(1)


def blob(center, sigma=7.0):
    """[H, W], peak 255 at (x, y)."""
    y, x = np.mgrid[:PLANTED_SIZE[0], :PLANTED_SIZE[1]]
    return 255 * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * sigma ** 2))


@pytest.fixture(scope="session")
def planted():
    """Red is a blob where people look (a third of the images is the middle), green the negative
    of a blob in the middle, blue noise."""
    rng = np.random.default_rng(7)
    stimuli, points = [], []
    for index in range(PLANTED_COUNT):
        center = np.array([48, 32]) if index % 3 == 0 else rng.uniform((15, 15), (80, 50))
        blue, green = rng.uniform(0, 255, PLANTED_SIZE), 255 - blob((48, 32), 20)
        image = np.stack([blue, green, blob(center)], -1).astype(np.uint8)
        stimuli.append(cv2.imencode(".png", image)[1].tobytes())
        points.append(np.clip(rng.normal(center, 5, (30, 2)), 0, (95, 63)))
    x, y = np.concatenate(points).T
    sizes = np.array([PLANTED_SIZE] * PLANTED_COUNT, np.int32)
    return SaliencyDataset(
        name="planted", names=tuple(f"p{i:02d}" for i in range(PLANTED_COUNT)),
        stimuli=tuple(stimuli), sizes=sizes, pixels_per_dva=8.0,
        fixations=Fixations.build(x, y, np.repeat(np.arange(PLANTED_COUNT), 30), sizes,
                                  observer=np.tile(np.arange(30) % 3, PLANTED_COUNT)))


@pytest.fixture(scope="session")
def color_model():
    """Layer `colors`: units red, green, blue and a constant one, on a grid of 16x24 cells; the
    output is red."""
    image = keras.Input((*PLANTED_SIZE, 3), name="image")
    cells = keras.layers.AveragePooling2D(4, name="cells")(image)
    colors = keras.layers.Conv2D(4, 1, use_bias=False, name="colors")(cells)
    red = keras.layers.Conv2D(1, 1, use_bias=False, name="red")(colors)
    output = keras.layers.UpSampling2D(4, interpolation="bilinear", name="saliency")(red)
    model = keras.Model(image, output, name="planted_model")
    model.get_layer("colors").set_weights([np.eye(3, 4, dtype=np.float32)[None, None]])
    model.get_layer("red").set_weights([np.eye(4, 1, dtype=np.float32)[None, None]])
    return model
