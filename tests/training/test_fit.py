"""Training runs: what they write, how they resume, how they fail."""
import csv
import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.models import facts_of, precision, weights_file
from keras_saliency.training import callbacks, fit
from keras_saliency.training import run as run_folder

pytestmark = pytest.mark.usefixtures("op_by_op")


def small(tmp_path, *overrides):
    """A run of seconds: ten stimuli, a network of 1/33 width."""
    return configs.load(None, [
        f"output={tmp_path / 'runs'}", "name=small", "model.name=vgg_linear",
        "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]", "train.loss={ead: 1}",
        "data.options={count: 12, size: [96, 128]}", "train.epochs=3", "train.batch=4",
        "train.learning_rate=0.01", "train.decay=0.5", "train.mirror=true", *overrides])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupted; for reading."""
    return fit.train(small(tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="module")
def one_epoch(tmp_path_factory):
    """A run of one epoch; for reading."""
    return fit.train(small(tmp_path_factory.mktemp("one_epoch"), "train.epochs=1"))


@pytest.fixture
def copy(one_epoch, tmp_path):
    """Folder of a copy of it, which a run in `tmp_path` resumes."""
    return shutil.copytree(one_epoch.folder, tmp_path / "runs" / "small")


def weights(run, name="last.h5"):
    return weights_file.read(run.folder / name)


def logged(folder):
    """{tag: number of epochs} in TensorBoard's files."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return {tag: len(events.Tensors(tag)) for tag in events.Tags()["tensors"]}


def assert_equal(a, b, **tolerance):
    assert a.keys() == b.keys()
    for layer in a:
        for name in a[layer]:
            np.testing.assert_allclose(a[layer][name], b[layer][name], **(
                tolerance or {"atol": 0}), err_msg=f"{layer}/{name}")


@pytest.mark.usefixtures("in_a_graph")
def test_a_run_trains_and_writes_its_folder(tmp_path):
    run = fit.train(small(tmp_path))
    assert run.folder == tmp_path / "runs" / "small" and run.finished
    assert [row["epoch"] for row in run.rows] == [1, 2, 3]
    assert set(run.rows[0]) == {"epoch", "loss", "val_loss", "val_nss", "val_cc"}
    assert run.rows[-1]["loss"] < run.rows[0]["loss"]
    assert run_folder.read_history(run.folder / "history.csv") == run.rows
    assert configs.load(run.folder / "config.yaml").train.epochs == 3
    assert logged(run.folder / "tensorboard") == {
        "loss": 3, "val_loss": 3, "val_nss": 3, "val_cc": 3, "stimulus, density, prediction": 3}
    attributes = weights_file.read_attributes(run.folder / "best.h5")
    assert attributes["epoch"] == run.best["epoch"] and attributes["canvas"] == [48, 64]
    best = ks.load_pretrained(run.folder)
    for a, b in zip(best.get_weights(), run.model.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.one_stack
def test_a_run_on_stretched_stimuli_keeps_to_them(tmp_path):
    """Arrays of 1:2 on a canvas of 3:4, so that padding and stretching differ."""
    shape = "data.options={count: 12, size: [96, 192]}"
    run = fit.train(small(tmp_path, shape, "data.fit=stretch", "train.epochs=1"))
    assert weights_file.read_attributes(run.folder / "best.h5")["fit"] == "stretch"
    loaded = ks.load_pretrained(run.folder)
    assert (facts_of(run.model).fit, facts_of(loaded).fit) == ("stretch", "stretch")
    table = tmp_path / "scores.csv"
    config = small(tmp_path, shape)  # which says pad
    score(config, of_predictor(ks.predictor(run.folder)), out=table)
    means = json.loads(table.with_suffix(".json").read_text())["metrics"]
    assert means["nss"]["mean"] == pytest.approx(run.rows[0]["val_nss"], abs=1e-4)
    with pytest.raises(ConfigError, match="differs in data.fit"):
        fit.train(small(tmp_path, shape, "data.fit=pad", "train.epochs=2"), resume=True)
    padded = fit.train(small(tmp_path / "padded", shape, "train.epochs=1"))
    assert padded.rows[0]["val_nss"] != run.rows[0]["val_nss"]


def test_deepgaze1_is_fitted_to_padded_stimuli_alone(tmp_path):
    with pytest.raises(ConfigError, match="data.fit=stretch is not for train.lbfgs"):
        fit.train(small(tmp_path, "model.name=deepgaze1", "data.fit=stretch",
                        "train.lbfgs={iterations: 1}", "data.canvas=[64, 64]"))


@pytest.mark.parametrize("cache", ["none", pytest.param("memory", marks=pytest.mark.one_stack)])
def test_resume_gives_the_same_weights(tmp_path, cache, request):
    if cache == "none":
        request.getfixturevalue("in_a_graph")
    options = [f"train.cache={cache}", "train.freeze=block2"]
    whole = fit.train(small(tmp_path / "whole", *options))
    parts = [fit.train(small(tmp_path / "parts", *options, "train.epochs=1")),
             fit.train(small(tmp_path / "parts", *options, "train.epochs=2"), resume=True),
             fit.train(small(tmp_path / "parts", *options), resume=True)]
    assert_equal(weights(whole), weights(parts[-1]))
    assert whole.rows == parts[-1].rows
    # The optimizer's state as well: another epoch would go the same way.
    a, b = (weights_file.read_group(run.folder / "last.h5", run_folder.OPTIMIZER_GROUP)
            for run in (whole, parts[-1]))
    for key in a:
        np.testing.assert_array_equal(a[key], b[key])


def test_averaged_weights_and_dropout_resume_alike_and_are_what_is_kept(tmp_path):
    options = ["model.name=msi_net", "model.options={width_multiplier: 0.03, dropout: 0.3}",
               "train.loss={kld: 1}", "train.learning_rate=1e-3",
               "train.optimizer_options={use_ema: true, ema_momentum: 0.7}"]
    whole = fit.train(small(tmp_path / "whole", *options))
    fit.train(small(tmp_path / "parts", *options, "train.epochs=1"))
    resumed = fit.train(small(tmp_path / "parts", *options), resume=True)
    assert_equal(weights(whole), weights(resumed))
    assert whole.rows == resumed.rows
    # The scores of an epoch are those of the averaged weights, which are in best.h5.
    best, last = weights(whole, "best.h5"), weights(whole)
    assert np.abs(best["decoder_conv4"]["kernel"] - last["decoder_conv4"]["kernel"]).max() > 1e-5
    state = weights_file.read_group(whole.folder / "last.h5", run_folder.OPTIMIZER_GROUP)
    if whole.best["epoch"] == len(whole.rows):
        assert any(value.shape == best["decoder_conv4"]["kernel"].shape
                   and np.array_equal(value, best["decoder_conv4"]["kernel"])
                   for value in state.values())


def test_bfloat16_trains_nearly_alike_and_resumes_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "native_bfloat16", lambda: True)
    options = ["train.loss={kld: 1}", "train.learning_rate=1e-3", "train.cache=disk",
               f"train.cache_folder={tmp_path / 'features'}", "train.freeze=block1",
               "train.unit_layers=[block5_conv3]", "train.epochs=2"]
    plain = fit.train(small(tmp_path, *options))
    options += ["train.precision=auto"]
    whole = fit.train(small(tmp_path / "whole", *options))
    fit.train(small(tmp_path / "parts", *options, "train.epochs=1"))
    resumed = fit.train(small(tmp_path / "parts", *options), resume=True)
    assert_equal(weights(whole), weights(resumed))
    assert whole.rows == resumed.rows
    for fast, exact in zip(whole.rows, plain.rows):
        assert fast["loss"] != exact["loss"] and fast["loss"] == pytest.approx(exact["loss"], 0.05)
    # the config says what was chosen, weights and what is exported are float32
    assert configs.load(whole.folder / "config.yaml").train.precision == "bfloat16"
    assert {layer.compute_dtype for layer in whole.model.layers} == {"float32"}
    assert all(v.dtype == np.float32 for layer in weights(whole).values() for v in layer.values())
    with pytest.raises(ConfigError, match="differs in train.precision"):
        fit.train(small(tmp_path / "parts", *options, "train.precision=float32"), resume=True)


def test_without_bfloat16_float32_is_taken_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "native_bfloat16", lambda: False)
    lines = []
    run = fit.train(small(tmp_path, "train.precision=bfloat16", "train.epochs=1"),
                    log=lines.append)
    assert "no bfloat16" in lines[0] and run.config.train.precision == "float32"
    with pytest.raises(ConfigError, match="train.precision 'half'; choose float32, bfloat16, auto"):
        small(tmp_path, "train.precision=half")


@pytest.mark.parametrize("cache", ["none", pytest.param("memory", marks=pytest.mark.one_stack)])
def test_units_are_scored_while_training(tmp_path, cache, request):
    if cache == "none":
        request.getfixturevalue("in_a_graph")
    run = fit.train(small(tmp_path, "train.unit_layers=[block5_conv3]", "train.unit_every=2",
                          f"train.cache={cache}", "train.freeze=block4"))
    with open(run.folder / "unit_nss.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "2", "3"]
    assert rows[0]["mean_nss"] != rows[-1]["mean_nss"]  # the layer trains
    assert "unit NSS/block5_conv3" in logged(run.folder / "tensorboard")


@pytest.mark.one_stack
def test_windows_and_colors_resume_alike(tmp_path, whole):
    options = ["train.crop=0.7", "train.color=0.3"]
    varied = fit.train(small(tmp_path / "whole", *options))
    fit.train(small(tmp_path / "parts", *options, "train.epochs=1"))
    assert_equal(weights(varied), weights(fit.train(small(tmp_path / "parts", *options),
                                                    resume=True)))
    assert whole.rows[0]["loss"] != varied.rows[0]["loss"]
    with pytest.raises(ConfigError, match="train.crop and train.color.*set train.cache=none"):
        fit.train(small(tmp_path / "cached", *options, "train.cache=memory"))


@pytest.mark.one_stack
def test_held_out_stimuli_are_of_the_training_set(tmp_path):
    config = small(tmp_path)
    training, validation, _ = load_data(config.data)
    config.data.hold_out = 4
    rest, held, _ = load_data(config.data)
    assert len(held) == 4 and set(rest.names) | set(held.names) == set(training.names)
    assert not set(held.names) & set(validation.names)
    assert load_data(config.data, part="training")[1].names == rest.names
    config.data.hold_out = 10
    with pytest.raises(DatasetError, match="10 of 10 training stimuli held out"):
        load_data(config.data)


@pytest.mark.one_stack
def test_a_run_killed_in_an_epoch_loses_only_that_epoch(tmp_path, monkeypatch, whole):
    original = run_folder.Run.write_history

    def die(run, rows):
        original(run, rows)
        if len(rows) == 2:
            raise SystemExit("killed")  # history written, last.h5 not

    monkeypatch.setattr(run_folder.Run, "write_history", die)
    with pytest.raises(SystemExit):
        fit.train(small(tmp_path / "parts"))
    monkeypatch.setattr(run_folder.Run, "write_history", original)
    resumed = fit.train(small(tmp_path / "parts"), resume=True)
    assert_equal(weights(whole), weights(resumed))
    assert resumed.rows == whole.rows


@pytest.mark.one_stack
@pytest.mark.parametrize("name, loss", [("msi_net", "kld"), ("ead", "ead")])
def test_cached_features_train_like_the_plain_loop(tmp_path, name, loss):
    # At a rate that is used in earnest; 0.01 makes chaos of any rounding.
    runs = [fit.train(small(tmp_path / cache, f"train.cache={cache}", "train.freeze=block4",
                            "train.learning_rate=1e-3", "train.epochs=2", f"model.name={name}",
                            f"train.loss={{{loss}: 1}}"))
            for cache in ("none", "memory", "disk")]
    for other in runs[1:]:
        for key in ("loss", "val_loss"):
            np.testing.assert_allclose([row[key] for row in other.rows],
                                       [row[key] for row in runs[0].rows], rtol=1e-3)
    assert_equal(weights(runs[1]), weights(runs[2]))


@pytest.mark.one_stack
def test_runs_share_a_cache_folder_where_their_features_are_the_same(tmp_path):
    def run(name, *overrides):
        return fit.train(small(tmp_path / name, "train.cache=disk", "train.freeze=block4",
                               f"train.cache_folder={tmp_path / 'features'}", "train.epochs=1",
                               *overrides))

    first = run("first")
    stored = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "features").iterdir()}
    assert len(stored) == 2 and not list(first.folder.glob("features*"))
    run("rate", "train.learning_rate=5e-4")
    assert stored == {p.name: p.stat().st_mtime_ns for p in (tmp_path / "features").iterdir()}
    run("canvas", "data.canvas=[32, 48]")
    assert len(list((tmp_path / "features").iterdir())) == 4
    run("fit", "data.fit=stretch")
    assert len(list((tmp_path / "features").iterdir())) == 6


def test_frozen_layers_stay_and_the_others_move(tmp_path):
    config = small(tmp_path, "train.freeze=block3", "train.epochs=1")
    keras.utils.set_random_seed(config.train.seed)
    load_data(config.data)
    model = fit.build(config.model, config.train)
    before = {layer: {n: np.asarray(v) for n, v in variables.items()}
              for layer, variables in weights_file.layer_variables(model).items()}
    after = weights(fit.train(config))
    for layer in before:
        same = np.array_equal(before[layer]["kernel"], after[layer]["kernel"])
        assert same == (layer < "block4" and layer.startswith("block")), layer


@pytest.mark.one_stack
def test_a_second_run_does_not_touch_the_first(tmp_path, copy):
    before = (copy / "last.h5").read_bytes()
    second = fit.train(small(tmp_path, "train.epochs=1"))
    assert second.folder.name == "small-2"
    assert (copy / "last.h5").read_bytes() == before


@pytest.mark.one_stack
def test_interrupt_saves_and_can_be_resumed(tmp_path, monkeypatch, whole):
    lines = []
    original = callbacks.RunRecorder.on_epoch_end

    def interrupt(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt
        original(self, epoch, logs)

    monkeypatch.setattr(callbacks.RunRecorder, "on_epoch_end", interrupt)
    stopped = fit.train(small(tmp_path / "parts"), log=lines.append)
    assert not stopped.finished and len(stopped.rows) == 1
    assert (stopped.folder / "interrupted.h5").exists()
    assert "resume the run" in lines[-1]
    monkeypatch.setattr(callbacks.RunRecorder, "on_epoch_end", original)
    assert_equal(weights(whole),
                 weights(fit.train(small(tmp_path / "parts"), resume=True)))


@pytest.mark.one_stack
def test_resume_refuses_other_settings(tmp_path, copy):
    with pytest.raises(ConfigError, match="differs in train.batch, train.learning_rate"):
        fit.train(small(tmp_path, "train.batch=2", "train.learning_rate=0.1"), resume=True)
    with pytest.raises(ConfigError, match="differs in train.unit_layers"):
        fit.train(small(tmp_path, "train.unit_layers=[block5_conv3]"), resume=True)


def test_resume_of_a_finished_run_trains_nothing(tmp_path, one_epoch, copy):
    lines = []
    again = fit.train(small(tmp_path, "train.epochs=1"), resume=True, log=lines.append)
    assert again.rows == one_epoch.rows and "nothing left to train" in lines[-1]


@pytest.mark.one_stack
def test_patience_ends_a_run(tmp_path):
    run = fit.train(small(tmp_path, "train.epochs=9", "train.patience=1",
                          "train.learning_rate=1e-12"))
    assert len(run.rows) < 9
    assert len(run.rows) - run.best["epoch"] == 1
    assert fit.train(small(tmp_path, "train.epochs=9", "train.patience=1",
                           "train.learning_rate=1e-12"), resume=True).rows == run.rows


def test_a_loss_that_is_not_a_number_ends_the_run(tmp_path):
    with pytest.raises(FloatingPointError, match="epoch 1; lower train.learning_rate"):
        fit.train(small(tmp_path, "train.learning_rate=1e30", "train.optimizer=sgd"))
    assert not (tmp_path / "runs" / "small" / "best.h5").exists()


def test_fine_tuning_starts_from_trained_weights(tmp_path, one_epoch):
    first = one_epoch
    config = small(tmp_path, f"model.weights={first.folder}", "name=tuned")
    for a, b in zip(fit.build(config.model, config.train).get_weights(), first.model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ConfigError, match="is for vgg_linear, model.name is msi_net"):
        other = small(tmp_path, f"model.weights={first.folder}", "model.name=msi_net")
        fit.build(other.model, other.train)


def started(tmp_path, weights, *overrides):
    """(canvas, options, the line on the weights) of a run that starts from them."""
    lines = []
    run = fit.train(configs.load(None, [
        f"output={tmp_path}", "name=tuned", "model.name=vgg_linear", f"model.weights={weights}",
        "data.options={count: 20, size: [96, 128]}", "train.loss={ead: 1}", "train.epochs=1",
        "train.batch=4", *overrides]), log=lines.append)
    said = [line for line in lines if line.startswith("model.weights")]
    assert len(said) <= 1 and facts_of(run.model).canvas == run.section.spec.canvas
    return list(run.section.spec.canvas), run.config.model.options, "".join(said)


def test_fine_tuning_takes_what_the_config_leaves_open(tmp_path, one_epoch):
    weights, small_options = one_epoch.folder, {"width_multiplier": 0.03}
    canvas, options, said = started(tmp_path, weights)
    assert (canvas, options) == ([48, 64], small_options)
    assert said.endswith("data.canvas=[48, 64], model.options.width_multiplier=0.03 as in it")
    resumed = fit.train(configs.load(tmp_path / "tuned" / "config.yaml"), resume=True)
    assert len(resumed.rows) == 1 and resumed.section.spec.canvas == (48, 64)


@pytest.mark.one_stack
def test_fine_tuning_says_what_the_config_states_otherwise(tmp_path, one_epoch):
    weights, sigma = one_epoch.folder, one_epoch.section.spec.sigma
    stated = ["model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]"]
    assert started(tmp_path, weights, *stated)[-1] == ""
    canvas, _, said = started(tmp_path, weights, "data.canvas=[32, 48]", "data.fit=stretch",
                              "data.sigma_pixels=5", stated[0])
    assert canvas == [32, 48]
    assert said.endswith("it was trained with canvas [48, 64], here [32, 48]; fit pad, here "
                         f"stretch; blur of popout in pixels {sigma}, here 5.0")
    with pytest.raises(ConfigError, match="a network with other layers than model.options="
                                          ".*0.06.*leave these options out"):
        started(tmp_path, weights, "model.options={width_multiplier: 0.06}")


@pytest.mark.one_stack
def test_stimuli_without_a_fixation_do_not_train(tmp_path, monkeypatch):
    """Half of the stimuli: the losses are those of a run on the others alone."""
    lines, load = [], fit.load_sections

    def emptied(section, keep):
        chosen = np.arange(len(section.training)) % 2 == 0
        training = section.training.select(np.flatnonzero(chosen)) if keep else replace(
            section.training, fixations=section.training.fixations.where(
                chosen[section.training.fixations.image]))
        return replace(section, training=training)

    rows = []
    for keep in (True, False):
        monkeypatch.setattr(fit, "load_sections", lambda *given, keep=keep: [
            emptied(section, keep) for section in load(*given)])
        run = fit.train(small(tmp_path / str(keep), "train.epochs=1", "train.batch=2"),
                        log=lines.append)
        rows.append(run.rows)
    assert rows[0] == rows[1] and run.rows[0]["loss"] > 0
    assert "without a fixation are left out" not in lines[0]
    count = len(run.section.training)
    assert f"{count} training stimuli without a fixation are left out: " in lines[-1]


@pytest.mark.one_stack
@pytest.mark.parametrize("deterministic, said", [(True, 1), (False, 0)])
def test_a_gpu_that_is_not_deterministic_is_said(tmp_path, monkeypatch, deterministic, said):
    class Begun(Exception):
        pass

    def begin(*arguments):
        raise Begun

    lines = []
    monkeypatch.setattr(fit.tf.config, "list_physical_devices", lambda kind=None: ["GPU:0"])
    monkeypatch.setattr(fit, "build", begin)
    with pytest.raises(Begun):
        fit.train(small(tmp_path, f"train.deterministic={deterministic}"), log=lines.append)
    assert len(lines) == said
    assert all(line.startswith("train.deterministic holds on a CPU") for line in lines)


@pytest.mark.one_stack
@pytest.mark.parametrize("override, error, message", [
    ("train.optimizer=adm", ConfigError, "choose from adam, adamw"),
    ("train.unit_layers=[block9]", ValueError, "no layer 'block9'.*block5_conv3"),
    ("train.unit_every=0", ConfigError, "train.unit_every must be at least 1"),
    ("train.crop=1.5", ConfigError, "train.crop must lie between 0 and 1, not 1.5"),
    ("train.color=-1", ConfigError, "train.color must lie between 0 and 1"),
    ("train.optimizer_options={momentun: 0.9}", ConfigError, "optimizer_options.*momentun"),
    ("train.epochs=0", ConfigError, "train.epochs must be at least 1"),
    ("train.cache=ram", ConfigError, "choose none, memory, disk"),
    ("train.cache_folder=features", ConfigError, "is for train.cache=disk, not none"),
    ("train.monitor=val_sim", ConfigError, "choose from val_loss, loss, val_nss, val_cc"),
    ("train.learning_rate=0", ConfigError, "must be above 0"),
    ("train.end_rate=0.1", ConfigError, "excludes train.decay"),
    ("train.end_momentum=0.99", ConfigError, "only optimizer sgd takes it"),
    ("train.loss={kdl: 1}", ValueError, "unknown loss kdl"),
    ("train.freeze=block9", ValueError, "no encoder block 'block9'"),
    ("train.batch=99", DatasetError, "do not fill one batch of 99"),
    ("data.name=osie2", DatasetError, "no dataset 'osie2'; the datasets are cat2000"),
    ("data.options={cuont: 3}", DatasetError, "no option 'cuont'"),
    ("data.canvas=[48]", ConfigError, r"data\.canvas is \[height, width\]"),
    ("data.canvas=[50, 64]", ValueError, r"strides must divide the canvas: take \[64, 64\]"),
    ("evaluation.every=[nsss]", ValueError, "no metric 'nsss'"),
    ("model.name=mis", ValueError, "no model 'mis'"),
])
def test_wrong_settings_are_named_and_nothing_is_written(tmp_path, override, error, message):
    with pytest.raises(error, match=message):
        fit.train(small(tmp_path, override))
    assert not list(tmp_path.rglob("*.h5"))


def test_the_rate_falls_linearly_to_its_end(tmp_path):
    config = small(tmp_path, "train.decay=1", "train.end_rate=0.002", "train.epochs=4")
    rate = fit.make_optimizer(config.train, steps=10).learning_rate
    schedule = rate if callable(rate) else fit.make_optimizer(config.train, steps=10)._learning_rate
    assert [float(schedule(step)) for step in (0, 20, 40)] == pytest.approx([0.01, 0.006, 0.002])


def test_the_momentum_rises_linearly_to_its_end(tmp_path):
    options = ["train.optimizer=sgd", "train.optimizer_options={momentum: 0.5, nesterov: true}",
               "train.end_momentum=0.9", "train.learning_rate=1e-6", "train.epochs=1"]
    optimizer = fit.make_optimizer(small(tmp_path, *options).train, steps=10)
    assert (float(optimizer.current_momentum()), optimizer.steps) == (pytest.approx(0.5), 10)
    whole = fit.train(small(tmp_path / "whole", *options))
    with pytest.raises(ConfigError, match="differs in train.epochs"):
        fit.train(small(tmp_path / "whole", *options, "train.epochs=2"), resume=True)
    constant = fit.train(small(tmp_path / "constant", *options, "train.end_momentum=0.5"))
    assert whole.rows[0]["val_loss"] != constant.rows[0]["val_loss"]
    none = small(tmp_path, *options, "train.optimizer_options={momentum: 0.0}")
    with pytest.raises(ConfigError, match="optimizer_options.*momentum"):
        fit.make_optimizer(none.train, steps=10)


@pytest.mark.one_stack
def test_history_is_a_csv_that_others_can_read(tmp_path):
    path = tmp_path / "history.csv"
    rows = [{"epoch": 1, "loss": 0.5, "val_nss": float("nan")},
            {"epoch": 2, "loss": 0.25, "val_nss": 1.5}]
    run_folder.Run(tmp_path, None, None, [], ()).write_history(rows)
    with open(path) as file:
        assert [row["loss"] for row in csv.DictReader(file)] == ["0.5", "0.25"]
    assert run_folder.best_row(rows, "loss") == 1
    assert run_folder.best_row(rows, "val_nss") == 1
    assert run_folder.read_history(tmp_path / "none.csv") == []
