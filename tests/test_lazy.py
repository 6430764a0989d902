"""The package's names are there at once; TensorFlow comes when it is needed."""
import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import keras_saliency as ks
from keras_saliency import export

NOISE = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
    "I0000 00:00:1796073800.872728   25162 port.cc:153] oneDNN custom operations are on.",
    "W0000 00:00:1796073800.87   2 cudart_stub.cc:31] Could not find cuda drivers",
    "2026-11-30 21:23:20.098: I tensorflow/core/util/port.cc:113] oneDNN custom operations",
    "2026-11-30 21:23:20.098: E x/cuda_dnn.cc:92] Unable to register cuDNN factory: Attempting",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow")
ERRORS = ("F0000 00:00:1796073800.87  2 cpu.cc:1] compiled to use AVX, which is not available",
          "ImportError: libfoo.so")


@pytest.mark.parametrize("ends, shown", [("pass", ERRORS), ("1 / 0", (*NOISE, *ERRORS))])
def test_what_tensorflow_logs_as_it_loads_is_shown_only_where_it_fails(ends, shown):
    program = f"""
import os
from keras_saliency.lazy import quiet_loading
with quiet_loading():
    os.system('''echo '{chr(10).join((*NOISE, *ERRORS))}' >&2''')
    {ends}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if line in (*NOISE, *ERRORS)]
    assert lines == list(shown)


def test_lines_of_several_threads_are_held_back_or_shown():
    program = """
import os, re, threading
from keras_saliency.lazy import without_lines
def work(index):
    with without_lines(re.compile(b"noise")):
        os.write(2, b"noise\\n")
        barrier.wait()
        os.write(2, f"line {index}\\n".encode())
        barrier.wait()
barrier = threading.Barrier(4)
threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
os.write(2, b"end\\n")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if line != "noise"]
    assert sorted(lines[:4]) == [f"line {index}" for index in range(4)] and lines[4:] == ["end"]


@pytest.mark.parametrize("program", [
    "import keras_saliency as ks; ks.load_pretrained",
    pytest.param("from keras_saliency import export, models; export.save, models.build_model",
                 marks=pytest.mark.one_stack)])
def test_a_program_that_loads_tensorflow_shows_none_of_its_lines(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"})
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_it_imports_no_tensorflow():
    program = """
import sys
sys.modules["sklearn"] = None  # which Keras 3 imports where it is installed, and scipy.stats by it
import keras_saliency as ks
from keras_saliency import export, prediction, report
from keras_saliency.cli import command_line
from keras_saliency.prediction import exported
from keras_saliency.prediction import prediction_files
assert "openvino" in export.FORMATS
for name in ("tensorflow", "keras", "scipy", "matplotlib.pyplot"):
    assert name not in sys.modules, name
assert ks.metrics.nss([[0, 1]], [[0, 1]]) > 0 and ks.models.list_models() == ks.list_models()
assert "tensorflow" in sys.modules
assert ks.analysis and ks.datasets and ks.evaluation and ks.export.save
for name in ("scipy.stats", "scipy.io", "scipy.optimize"):  # Keras 3 imports matplotlib
    assert name not in sys.modules, name
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", [ks, export])
def test_the_public_names_are_there_and_listed(package):
    for name in package.__all__:
        assert getattr(package, name) is not None and name in dir(package)
    assert [name for name in dir(package) if name[:2] != "__"] == sorted(package.__all__)
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'sailency'"):
        package.sailency


@pytest.mark.parametrize("package", [ks, export])
def test_editors_are_shown_every_name_where_it_is(package):
    tree = ast.parse(Path(package.__file__).read_text())
    (shown,) = (node for node in tree.body if isinstance(node, ast.If))
    for statement in shown.body:
        module = __import__(statement.module, fromlist=["_"])
        for alias in statement.names:
            assert getattr(package, alias.name) is getattr(module, alias.name)
    names = {alias.name for statement in shown.body for alias in statement.names}
    assert names == set(package.__all__)
