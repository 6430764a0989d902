"""Run folders with damaged files: a resumed run names what is wrong with one, or goes on."""
import numpy as np
import pytest
from hostile_hdf5 import mutations

from keras_saliency import config as configs
from keras_saliency.files import InputError
from keras_saliency.training import fit


def small(folder):
    return configs.load(None, [
        f"output={folder}", "name=small", "model.name=ead",
        "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]", "train.loss={ead: 1}",
        "data.options={count: 8, size: [96, 128]}", "train.epochs=1", "train.batch=4"])


def quiet(line):
    pass


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder of a finished run."""
    folder = tmp_path_factory.mktemp("fuzz")
    fit.train(small(folder), log=quiet)
    return folder / "small"


@pytest.mark.parametrize("name, count", [
    ("config.yaml", 16), ("history.csv", 16), ("last.h5", 8), ("best.h5", 8)])
def test_damaged_files_of_a_run_give_nothing_but_input_errors(trained, name, count):
    """A change that leaves a readable file may pass: bits of a weight carry no sum to check."""
    kept = {path: path.read_bytes() for path in trained.iterdir() if path.is_file()}
    refused = 0
    for contents in mutations(kept[trained / name], count, seed=len(name)):
        (trained / name).write_bytes(contents)
        try:
            run = fit.train(small(trained.parent), resume=True, log=quiet)
        except (InputError, FloatingPointError):
            refused += 1
        else:
            assert len(run.rows) == 1
            assert all(np.isfinite(weights).all() for weights in run.model.get_weights())
        finally:
            for path, contents_before in kept.items():
                path.write_bytes(contents_before)
    assert 0 < refused
