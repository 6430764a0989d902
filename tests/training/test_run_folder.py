"""The folder of a run under attack: damaged files, two processes, divergence, interruptions."""
import multiprocessing
import os
import shutil
import signal

import h5py
import numpy as np
import pytest
import tensorflow as tf
from hostile_hdf5 import mutations

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.files import InputError, temporary_path
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError
from keras_saliency.training import callbacks, fit, run_results
from keras_saliency.training.run import locked, open_folder

pytestmark = pytest.mark.usefixtures("op_by_op")


def small(folder, *overrides):
    """A run of seconds."""
    return configs.load(None, [
        f"output={folder}", "name=small", "model.name=vgg_linear",
        "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]", "train.loss={kld: 1}",
        "data.options={count: 20, size: [96, 128]}", "train.epochs=3", "train.batch=4",
        "train.learning_rate=0.01", *overrides])


def quiet(line):
    pass


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Folder that holds a finished run of three epochs."""
    folder = tmp_path_factory.mktemp("trained")
    fit.train(small(folder), log=quiet)
    return folder / "small"


@pytest.fixture
def copy(trained, tmp_path):
    """Folder of a copy of that run."""
    shutil.copytree(trained, tmp_path / "small")
    return tmp_path / "small"


def resume(folder, *overrides):
    return fit.train(small(folder.parent, "train.epochs=4", *overrides), resume=True, log=quiet)


@pytest.mark.parametrize("damage, message", [
    (lambda path: path.unlink(), "history.csv holds 0 epochs, but .*last.h5 is of epoch 3"),
    (lambda path: path.write_text(""), "holds 0 epochs"),
    (lambda path: path.write_text("".join(path.open().readlines()[:2])), "holds 1 epochs"),
    (lambda path: path.write_bytes(b"\xff\xfe\x00\x81" * 9), "history.csv is damaged"),
    (lambda path: path.write_text(path.read_text()[:-30]), "history.csv is damaged"),
    (lambda path: path.write_text(path.read_text().replace("\n2,", "\n7,")), "epochs 1 to 3"),
])
def test_a_history_that_is_not_whole_is_refused(copy, damage, message):
    damage(copy / "history.csv")
    before = (copy / "last.h5").read_bytes()
    with pytest.raises(ConfigError, match=message):
        resume(copy)
    assert (copy / "last.h5").read_bytes() == before


@pytest.mark.parametrize("damage, message", [
    (lambda path: path.unlink(), "best.h5 is missing, the weights of the best epoch"),
    (lambda path: path.write_bytes(path.read_bytes()[:2000]), "best.h5 is not a readable HDF5"),
    (lambda path: _set_epoch(path, 9), "best.h5 is of epoch 9, but the best epoch is"),
])
@pytest.mark.parametrize("epochs", [3, 4])
def test_best_weights_that_are_not_the_best_are_refused_at_once(copy, damage, message, epochs):
    damage(copy / "best.h5")
    with pytest.raises(WeightsError, match=message):
        resume(copy, f"train.epochs={epochs}")
    assert weights_file.read_attributes(copy / "last.h5")["epoch"] == 3


def _set_epoch(path, epoch):
    with h5py.File(path, "r+") as file:
        file.attrs["epoch"] = str(epoch)


def test_a_last_state_that_is_missing_is_refused(copy):
    (copy / "last.h5").unlink()
    with pytest.raises(ConfigError, match="history.csv holds 3 epochs, but .*last.h5 is missing"):
        resume(copy)


def test_a_checkpoint_without_state_is_called_so(copy):
    with h5py.File(copy / "last.h5", "r+") as file:
        del file["_optimizer"]
    with pytest.raises(ConfigError, match="last.h5 holds no state of an optimizer; start a new"):
        resume(copy)
    with h5py.File(copy / "last.h5", "r+") as file:
        file["_optimizer/00000"] = np.zeros(3)
    with pytest.raises(ConfigError, match="holds the state of another optimizer"):
        resume(copy)
    with h5py.File(copy / "last.h5", "r+") as file:
        file.attrs["keras"] = "1.0"
    with pytest.raises(ConfigError, match="the optimizer state of Keras 1.0, which Keras"):
        resume(copy)


@pytest.mark.parametrize("rate", ["1e6", "1e30"])
def test_divergence_stops_and_keeps_the_last_good_weights(tmp_path, rate):
    """At 1e6 the loss stays finite while most weights are not."""
    with pytest.raises(FloatingPointError, match="in epoch 1|after epoch 1"):
        fit.train(small(tmp_path, "train.optimizer=sgd", f"train.learning_rate={rate}"), log=quiet)
    assert not list((tmp_path / "small").glob("*.h5"))


def test_weights_that_stop_being_finite_name_their_layer(copy, monkeypatch):
    before = {name: (copy / name).read_bytes() for name in ("best.h5", "last.h5", "history.csv")}
    original = callbacks.StopWhenDiverged.on_epoch_end

    def spoil(self, epoch, logs=None):
        layer = self.whole.get_layer("block5_conv3")
        layer.set_weights([np.full_like(layer.get_weights()[0], np.inf), layer.get_weights()[1]])
        original(self, epoch, logs)

    monkeypatch.setattr(callbacks.StopWhenDiverged, "on_epoch_end", spoil)
    with pytest.raises(FloatingPointError, match="block5_conv3/kernel is not finite after epoch 4"
                                                 "; lower train.learning_rate"):
        resume(copy)
    assert before == {name: (copy / name).read_bytes() for name in before}


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp/run", "../run"])
def test_a_name_may_not_leave_the_output(name):
    with pytest.raises(ConfigError, match="must be the name of one folder inside"):
        configs.load(None, [f"name={name!r}"])


def test_a_folder_is_one_process_s(trained):
    with locked(trained):
        with pytest.raises(ConfigError, match="another process writes to .*small; wait for it"):
            resume(trained)
        with pytest.raises(ConfigError, match="another process"):
            run_results.write(fit.Run(trained, None, None, [], ()))


def test_processes_that_start_at_once_get_folders_of_their_own(tmp_path):
    context = multiprocessing.get_context("fork")
    names, stop = context.Queue(), context.Queue()

    def work():
        config = small(tmp_path)
        with open_folder(config, resume=False) as taken:
            names.put(taken.name)
            stop.get(timeout=60)

    processes = [context.Process(target=work) for _ in range(6)]
    for process in processes:
        process.start()
    found = [names.get(timeout=60) for _ in processes]
    for _ in processes:
        stop.put(None)
    for process in processes:
        process.join()
    assert sorted(found) == ["small", *(f"small-{n}" for n in range(2, 7))]


def test_what_a_killed_process_left_goes_at_the_next_start(copy):
    alive = temporary_path(copy / "best.h5")
    dead = copy / alive.name.replace(f"-{alive.name.split('-')[2]}-", "-4194305-")
    exported = copy / "saved_model" / dead.with_suffix("").name
    for path in (alive, dead):
        path.write_text("half")
    exported.mkdir(parents=True)
    resume(copy, "train.epochs=3")
    assert alive.exists() and not dead.exists() and not exported.exists()


def _train_until_interrupted(folders, results):
    """Resume runs in this process, which Ctrl-C reaches while it writes a file of each.

    `folders` is {name of the file: folder of the run}.
    """
    tf.config.run_functions_eagerly(True)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    original = fit.Run.save
    for during, folder in folders.items():
        def save(self, name, rows, extra=None):
            if name == during:
                os.kill(os.getpid(), signal.SIGINT)
            original(self, name, rows, extra)

        lines, fit.Run.save = [], save
        run = fit.train(small(folder.parent, "train.epochs=6"), resume=True, log=lines.append)
        results.put((run.finished, len(run.rows), run.best["epoch"], lines[-1]))


def test_ctrl_c_in_a_save_waits_for_its_end(trained, tmp_path):
    """What is said to be finished is on the disk, and the best weights are those of the history."""
    folders = {name: shutil.copytree(trained, tmp_path / name / "small")
               for name in ("best.h5", "last.h5")}
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=_train_until_interrupted, args=(folders, results))
    process.start()
    for folder in folders.values():
        finished, epochs, best, line = results.get(timeout=300)
        assert not finished and f"{epochs} epochs are finished" in line
        assert weights_file.read_attributes(folder / "last.h5")["epoch"] == epochs >= 4
        assert weights_file.read_attributes(folder / "best.h5")["epoch"] == best
    process.join()
    assert process.exitcode == 0


@pytest.mark.slow
def test_a_folder_called_like_a_version_does_not_break_the_export(copy):
    (copy / "saved_model" / "1.bak").mkdir(parents=True)
    run = resume(copy, "train.epochs=3")
    run_results.write(run, log=quiet)
    assert (copy / "saved_model" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
def test_a_name_that_looks_like_a_formula_is_shown_as_it_is(tmp_path):
    run = fit.train(small(tmp_path, r"name=$\x$", "train.epochs=1"), log=quiet)
    run_results.write(run, log=quiet)
    assert (run.folder / "curve.png").is_file()


@pytest.mark.parametrize("name, count", [
    ("config.yaml", 8), ("history.csv", 8), ("last.h5", 4), ("best.h5", 4)])
def test_damaged_files_of_a_run_give_nothing_but_input_errors(copy, name, count):
    """A change that leaves a readable file may pass: bits of a weight carry no sum to check."""
    kept = {path: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    refused = 0
    for contents in mutations(kept[copy / name], count, seed=len(name)):
        (copy / name).write_bytes(contents)
        try:
            run = fit.train(small(copy.parent), resume=True, log=quiet)
        except (InputError, FloatingPointError):
            refused += 1
        else:
            assert len(run.rows) == 3
            assert all(np.isfinite(weights).all() for weights in run.model.get_weights())
        finally:
            for path, contents_before in kept.items():
                path.write_bytes(contents_before)
    assert 0 < refused
