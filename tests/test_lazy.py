"""The package's names are there at once; TensorFlow comes when it is needed."""
import ast
import subprocess
import sys
from pathlib import Path

import pytest

import keras_saliency as ks
from keras_saliency import export


def test_importing_it_imports_no_tensorflow():
    program = """
import sys
import keras_saliency as ks
from keras_saliency import export, prediction, report
from keras_saliency.cli import command_line
from keras_saliency.prediction import exported
from keras_saliency.prediction import prediction_files
assert "openvino" in export.ENGINES
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
def test_every_name_is_there_and_listed(package):
    for name in package.__all__:
        assert getattr(package, name) is not None and name in dir(package)
    file = Path(package.__file__)
    modules = {path.stem for path in [*file.parent.glob("*.py"), *file.parent.glob("*/__init__.py")]
               } - {"__init__"}
    assert modules <= set(dir(package))
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
