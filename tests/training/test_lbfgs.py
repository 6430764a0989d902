"""DeepGaze I's fit: the density is the model's, the gradient is right, planted units are found."""
import csv
from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.config import LbfgsConfig
from keras_saliency.datasets import load_dataset, loading
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.pipeline import decode_stimulus
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.gold_standard import fit_gold_standard
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import weights_file
from keras_saliency.training import (
    deepgaze1_likelihood,
    fit,
    lbfgs,
    run_results,
)
from keras_saliency.training.deepgaze1_likelihood import Parameters
from keras_saliency.training.features import FeatureCacheError
from keras_saliency.training.likelihood import canvas_prior, canvas_spans
from keras_saliency.training.run import open_folder, read_history

CANVAS = (64, 96)  # of the planted stimuli


@pytest.fixture(scope="module")
def fitted(planted):
    """(model, center_bias, responses, likelihood) with random weights on the planted stimuli."""
    keras.utils.set_random_seed(3)
    model = ks.build_model("deepgaze1", width_multiplier=0.03, layer_subset=[
        "block1_conv1", "block2_relu1"])
    center = center_bias(planted)
    responses = deepgaze1_likelihood.collect(model, planted, CANVAS)
    return model, center, responses, deepgaze1_likelihood.Likelihood(
        responses, responses.deviations(), planted, CANVAS, center, cell=1)


def random_parameters(responses, alpha):
    units = sum(maps.shape[-1] for maps in responses.maps.values())
    return Parameters(np.random.default_rng(0).normal(0, 1, units), 0.5, alpha)


def test_responses_are_scaled_to_unit_deviation(fitted):
    _, _, responses, _ = fitted
    for layer, deviations in responses.deviations().items():
        maps = responses.maps[layer].astype(np.float64)
        np.testing.assert_allclose(deviations, np.where(
            maps.std(axis=(0, 1, 2)) > 1e-3, maps.std(axis=(0, 1, 2)), deviations), rtol=2e-3)


def test_the_density_that_is_fitted_is_the_models(fitted, planted):
    model, center, responses, likelihood = fitted
    parameters = random_parameters(responses, alpha=0.0)  # the fit leaves each stimulus out
    deepgaze1_likelihood.write_parameters(model, parameters, responses.deviations(),
                                 canvas_prior(center, canvas_spans(planted.sizes, CANVAS)))
    for parameter, read in zip(parameters, deepgaze1_likelihood.read_parameters(model)):
        np.testing.assert_allclose(parameter, read, rtol=1e-6)
    logs = np.concatenate([np.asarray(part) for part in likelihood._log_densities(parameters)])
    for index in (0, 5):
        expected = np.log(ks.predict(model, image_of(planted, index), CANVAS))
        np.testing.assert_allclose(logs[index], expected, atol=0.02)  # responses are in float16


@pytest.mark.parametrize("canvas", [CANVAS, (96, 96)])
def test_the_center_bias_lies_on_the_stimulus_and_not_on_the_padding(fitted, planted, canvas):
    model, center, responses, _ = fitted
    nothing = Parameters(0 * random_parameters(responses, 1.0).weights, 0.0, 1.0)
    deepgaze1_likelihood.write_parameters(model, nothing, responses.deviations(),
                                 canvas_prior(center, canvas_spans(planted.sizes, canvas)))
    found = ks.predict(model, image_of(planted, 0), canvas)
    expected = center.predict(CANVAS).saliency_map
    np.testing.assert_allclose(found / found.sum(), expected, atol=0.02 * expected.max())


def test_the_center_bias_of_several_sizes_is_of_those_that_reach_a_cell(planted):
    mixed = replace(planted, sizes=np.array([(64, 96), (96, 64)] * 6, np.int32))
    center = center_bias(planted)
    prior = canvas_prior(center, canvas_spans(mixed.sizes, (96, 96)))
    assert prior.shape == (64, 64) and np.isfinite(prior).all()
    density = center.predict((64, 64)).saliency_map
    own = np.exp(prior[:, 0] - prior[32, 0])  # the first column is of the wide ones alone
    np.testing.assert_allclose(own[12:52], np.interp(
        (np.arange(12, 52) + 0.5) / 64 * 1.5 - 0.25, (np.arange(64) + 0.5) / 64,
        density[:, 0] / np.interp((32.5 / 64) * 1.5 - 0.25, (np.arange(64) + 0.5) / 64,
                                  density[:, 0])), rtol=0.05)


def test_a_unit_that_varies_by_rounding_alone_is_constant():
    values = np.random.default_rng(0).normal(0, 1, (1000, 4)) * [1, 1e-4, 1e-9, 0] + [0, 5, 0, 2]
    responses = deepgaze1_likelihood.Responses({}, {"a": Moments.of(values)})
    deviations = responses.deviations()["a"]
    np.testing.assert_allclose(deviations, [values[:, 0].std(), 1, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("factor", [1e6, np.nan])
def test_responses_that_float16_does_not_hold_are_refused(planted, factor):
    model = ks.build_model("deepgaze1", width_multiplier=0.03, layer_subset=["block1_conv1"])
    layer = model.get_layer("block1_conv1")
    layer.set_weights([weight * factor + factor for weight in layer.get_weights()])
    with pytest.raises(FeatureCacheError, match="responses of block1_conv1 exceed float16"):
        deepgaze1_likelihood.collect(model, planted, CANVAS)


def test_stimuli_of_several_sizes_some_without_fixations(fitted, planted, monkeypatch):
    """A stimulus has the same density in any company, and in batches of any size."""
    _, center, responses, likelihood = fitted
    monkeypatch.setattr(deepgaze1_likelihood, "BATCH_RESPONSES", 1)
    some = planted.fixations.where(planted.fixations.image % 4 != 1)
    sizes = np.array([(64, 96), (32, 48), (64, 96)] * 4, np.int32)  # as if shown smaller
    inside = Fixations.build(some.x / 2, some.y / 2, some.image, sizes, some.observer)
    other = deepgaze1_likelihood.Likelihood(responses, responses.deviations(), replace(
        planted, sizes=sizes, fixations=inside), CANVAS, center, cell=1)
    counts, parameters = other.counts(inside), random_parameters(responses, 0.7)
    assert len(counts) == len(planted) and sum(c.sum() for c in counts) == len(some)
    bits, fixations = other.over_center_bias(counts, parameters)
    assert fixations[[1, 5, 9]].sum() == 0 and (bits[[1, 5, 9]] == 0).all()
    alone, _ = likelihood.over_center_bias(likelihood.counts(Fixations.build(
        some.x / 2, some.y / 2, some.image, planted.sizes)), parameters)
    np.testing.assert_allclose(bits[[0, 2, 3]], alone[[0, 2, 3]], atol=0.02)
    value, gradient = other.negative(counts, parameters)
    assert np.isfinite(value) and np.isfinite(gradient).all()


def test_one_fixation_is_enough(fitted, planted):
    _, _, responses, _ = fitted
    first = np.arange(len(planted.fixations)) == 0
    one = replace(planted, fixations=planted.fixations.where(first))
    likelihood = deepgaze1_likelihood.Likelihood(responses, responses.deviations(), one, CANVAS,
                                        center_bias(one), cell=4)
    _, objective = deepgaze1_likelihood.minimize(likelihood, one.fixations,
                                        random_parameters(responses, 1.0), LbfgsConfig(), 3)
    assert np.isfinite(objective)


def image_of(dataset, index):
    return decode_stimulus(dataset.stimuli[index]).numpy()


def test_the_gradient_is_the_slope(fitted, planted):
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    parameters = random_parameters(responses, alpha=0.7)
    vector = parameters.pack()
    _, gradient = likelihood.negative(counts, parameters)
    step = 1e-2
    for place in (0, 3, len(vector) - 2, len(vector) - 1):
        around = [likelihood.negative(counts, Parameters.unpack(
            vector + sign * step * np.eye(len(vector))[place]))[0] for sign in (1, -1)]
        slope = (around[0] - around[1]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=0.02, abs=2e-3)


def test_sparsity_has_the_slope_it_says():
    weights = np.array([0.5, -2.0, 0.1])
    value, slope = deepgaze1_likelihood.sparsity(weights)
    assert value == pytest.approx(2.6 / np.sqrt(0.25 + 4 + 0.01))
    for place in range(3):
        step = 1e-6 * np.eye(3)[place]
        numeric = (deepgaze1_likelihood.sparsity(weights + step)[0]
                   - deepgaze1_likelihood.sparsity(weights - step)[0]) / 2e-6
        assert slope[place] == pytest.approx(numeric, abs=1e-6)
    assert deepgaze1_likelihood.sparsity(np.zeros(3))[0] == 0


def test_no_weights_and_full_prior_have_no_gain(fitted, planted):
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    assert sum(float(c.sum()) for c in counts) == len(planted.fixations)
    nothing = random_parameters(responses, 1.0)._replace(
        weights=np.zeros_like(random_parameters(responses, 1.0).weights))
    bits, fixations = likelihood.over_center_bias(counts, nothing)
    np.testing.assert_allclose(bits, 0, atol=1e-3)
    assert fixations.tolist() == [30] * len(planted)


def test_a_fit_gains_on_the_center_bias(fitted, planted):
    """People look at the red blob, and the first layer sees colors."""
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    start = random_parameters(responses, 1.0)
    values = []
    found, objective = deepgaze1_likelihood.minimize(
        likelihood, planted.fixations, start, LbfgsConfig(), 60,
        lambda parameters, value: values.append(value))
    assert values == sorted(values, reverse=True) and objective == pytest.approx(values[-1])
    bits, fixations = likelihood.over_center_bias(counts, found)
    assert bits.sum() / fixations.sum() > 1.0


def config(tmp_path, *overrides):
    return configs.load(None, [
        f"output={tmp_path}", "name=dg", "model.name=deepgaze1",
        "model.options={width_multiplier: 0.03, layer_subset: [block1_conv1]}",
        "data.options={count: 14, size: [96, 128]}", "data.canvas=[96, 128]",
        "train.monitor=val_information_gain", "train.lbfgs={iterations: 4, "
        "leave_one_observer_out: true}", "evaluation.metrics=[nss, information_gain_density]",
        *overrides])


def test_a_run_writes_its_folder_and_resumes(tmp_path):
    run = fit.train(config(tmp_path), log=lambda line: None)
    assert [row["epoch"] for row in run.rows] == list(range(1, len(run.rows) + 1))
    lines = []
    run_results.write(run, log=lines.append)
    assert any("information gain over the center_bias" in line for line in lines)
    for name in ("history.csv", "units.csv", "patches.csv", "observers.csv", "units.png",
                 "curve.png", "samples.png", "best.h5", "last.h5", "scores.json"):
        assert (run.folder / name).is_file(), name
    weights = [float(row["weight"]) for row in csv.DictReader(open(run.folder / "units.csv"))]
    assert [abs(w) for w in weights] == sorted((abs(w) for w in weights), reverse=True)
    model = ks.load_pretrained(run.folder)
    assert np.asarray(model(np.zeros((1, 96, 128, 3), np.float32))).sum() == pytest.approx(1, 1e-4)
    longer = fit.train(config(tmp_path, "train.lbfgs.iterations=6"), resume=True,
                       log=lambda line: None)
    assert len(longer.rows) > len(run.rows)
    for before, after in zip(run.rows, longer.rows):
        assert after == pytest.approx(before)


def quiet(line):
    pass


def interrupt_minimize(monkeypatch, after, error=KeyboardInterrupt):
    """Ctrl-C once `after` iterations, of all fits together, are done."""
    minimize, steps = deepgaze1_likelihood.minimize, []

    def interrupted(likelihood, fixations, start, settings, iterations, after_step=None):
        def step(*found):
            if len(steps) == after:
                raise error
            steps.append(found)
            if after_step is not None:
                after_step(*found)
        return minimize(likelihood, fixations, start, settings, iterations, step)

    monkeypatch.setattr(deepgaze1_likelihood, "minimize", interrupted)


def check_best_weights(run):
    """best.h5 is of the best row of the history."""
    attributes = weights_file.read_attributes(run.folder / "best.h5")
    assert attributes["epoch"] == run.best["epoch"]
    assert attributes["scores"] == pytest.approx(run.best)


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.one_stack
def test_an_interrupted_run_reports_and_resumes(tmp_path, monkeypatch, after):
    with monkeypatch.context() as patch:
        interrupt_minimize(patch, after)
        run = fit.train(config(tmp_path), log=quiet)
    assert not run.finished and len(run.rows) == after
    if run.rows:
        run_results.write(run, log=quiet)
        check_best_weights(run)
    resumed = fit.train(config(tmp_path), resume=True, log=quiet)
    assert resumed.finished and resumed.rows[:after] == [pytest.approx(row) for row in run.rows]
    assert (run.folder / "observers.csv").is_file()
    check_best_weights(resumed)


@pytest.mark.one_stack
def test_leaving_observers_out_goes_on_where_it_was_interrupted(tmp_path, monkeypatch):
    def observers(run):
        with open(run.folder / "observers.csv", newline="") as file:
            return list(csv.reader(file))

    whole = fit.train(config(tmp_path, "name=whole"), log=quiet)
    lines = []
    with monkeypatch.context() as patch:
        interrupt_minimize(patch, len(whole.rows) + 2 * whole.best["epoch"] + 1)
        run = fit.train(config(tmp_path), log=lines.append)
    assert not run.finished and "observers; resume the run to continue" in lines[-1]
    assert 1 < len(observers(run)) < len(observers(whole))
    resumed = fit.train(config(tmp_path), resume=True, log=quiet)
    assert resumed.finished and observers(resumed) == observers(whole)


@pytest.mark.one_stack
def test_observers_may_be_left_out_of_a_run_that_is_over(tmp_path):
    run = fit.train(config(tmp_path, "train.lbfgs.leave_one_observer_out=false"), log=quiet)
    assert not (run.folder / "observers.csv").exists()
    resumed = fit.train(config(tmp_path), resume=True, log=quiet)
    assert (run.folder / "observers.csv").is_file() and len(resumed.rows) == len(run.rows)
    lines = []
    fit.train(config(tmp_path), resume=True, log=lines.append)
    assert "nothing left to fit" in lines[-1]


def test_a_run_that_was_killed_goes_on_at_its_best_weights(tmp_path, monkeypatch):
    """last.h5 is not written in every iteration; a history of other weights than best.h5 has
    would follow from taking the run up there."""
    settings = config(tmp_path, "train.monitor=loss", "train.lbfgs.leave_one_observer_out=false")
    monkeypatch.setattr(lbfgs, "SAVE_EVERY", 2)
    with monkeypatch.context() as patch:
        interrupt_minimize(patch, 3, error=SystemExit)
        with pytest.raises(SystemExit):
            fit.train(settings, log=quiet)
    before = read_history(settings.folder / "history.csv")
    assert len(before) == 3
    resumed = fit.train(settings, resume=True, log=quiet)
    assert len(resumed.rows) == 4 and resumed.rows[:3] == before
    check_best_weights(resumed)


@pytest.mark.one_stack
def test_no_observer_is_known_to_the_fit_without_him(tmp_path, monkeypatch):
    minimize, starts = deepgaze1_likelihood.minimize, []
    monkeypatch.setattr(deepgaze1_likelihood, "minimize", lambda *arguments: (
        starts.append(arguments[2].pack()), minimize(*arguments))[1])
    fit.train(config(tmp_path), log=quiet)
    assert len(starts) == 16 and all((start == starts[0]).all() for start in starts)


def test_a_fit_that_cannot_gain_still_has_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(
        deepgaze1_likelihood, "minimize", lambda likelihood, fixations, start, *rest: (
        start, 3.0))
    run = fit.train(config(tmp_path), log=quiet)
    assert len(run.rows) == 1 and (run.folder / "best.h5").is_file()


def test_a_loss_that_is_not_finite_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(
        deepgaze1_likelihood, "minimize", lambda likelihood, fixations, start, *rest: (
        start, np.nan))
    with pytest.raises(FloatingPointError, match="the loss became nan in iteration 1"):
        fit.train(config(tmp_path), log=quiet)


@pytest.mark.parametrize("keep", [1, 0])
@pytest.mark.one_stack
def test_a_run_without_a_second_observer_has_no_gold_standard(tmp_path, monkeypatch, keep):
    """One observer, or nobody knows who."""
    def few(*arguments, **options):
        dataset = load_dataset(*arguments, **options)
        fixations = dataset.fixations
        if keep:
            return replace(dataset, fixations=fixations.where(fixations.observer < keep))
        return replace(dataset, fixations=replace(fixations, observer=0 * fixations.observer - 1))

    monkeypatch.setattr(loading, "load_dataset", few)
    with pytest.raises(configs.ConfigError, match="has one observer" if keep else
                       "does not name the observers"):
        fit.train(config(tmp_path), log=quiet)
    run = fit.train(config(tmp_path, "train.lbfgs.leave_one_observer_out=false"), log=quiet)
    lines = []
    run_results.write(run, log=lines.append)
    assert "no gold standard" in lines[0]


@pytest.mark.one_stack
def test_no_fixations_in_the_validation_stimuli_are_named(tmp_path, monkeypatch):
    def without(loaded=loading.load_data):
        def load(*settings):
            training, validation, spec = loaded(*settings)
            return training, replace(validation, fixations=validation.fixations.where(
                np.zeros(len(validation.fixations), bool))), spec
        return load

    monkeypatch.setattr(loading, "load_data", without())
    with pytest.raises(DatasetError, match="popout has no fixations on the .* stimuli to score"):
        fit.train(config(tmp_path), log=quiet)


@pytest.mark.one_stack
def test_a_resumed_run_may_not_begin_to_decay(tmp_path):
    before, now = (configs.load(None, [f"output={tmp_path}", *more])
                   for more in ([], ["train.end_rate=0"]))
    with open_folder(before, resume=False):
        pass
    with pytest.raises(configs.ConfigError, match="differs in train.end_rate"):
        with open_folder(now, resume=True):
            pass


@pytest.mark.parametrize("overrides, message", [
    (["model.name=ead", "model.options={}", "evaluation.metrics=[nss]"],
     "train.lbfgs fits deepgaze1, not ead"),
    (["train.lbfgs.iterations=0"], "train.lbfgs.iterations must be at least 1"),
    (["train.lbfgs.sparsity=-1"], "train.lbfgs.sparsity must be at least 0"),
    (["train.monitor=val_nss"], "choose from loss, information_gain, val_information_gain"),
    (["train.lbfgs.sparsity=.nan"], "train.lbfgs.sparsity must be at least 0 and finite"),
    (["train.epochs=3", "train.mirror=true", "evaluation.every=[nss]"],
     "train.lbfgs does not use train.epochs, train.mirror, evaluation.every"),
    (["data.weight=2"], "data.weight is not for train.lbfgs"),
    (["data.canvas=[97, 128]"], r"not a multiple of 2, the pixels to a cell of block1_conv1; "
                                r"take \[98, 128\]"),
])
@pytest.mark.one_stack
def test_wrong_settings_are_named_and_nothing_is_written(tmp_path, overrides, message):
    with pytest.raises(configs.ConfigError, match=message):
        fit.train(config(tmp_path, *overrides))
    assert not (tmp_path / "dg").exists()


@pytest.mark.one_stack
def test_the_center_bias_is_estimated_as_asked(tmp_path):
    """The histogram of section 1.1: constant within its cells, unlike the kernel density."""
    runs = [fit.train(config(tmp_path, f"name={method}", f"data.center_bias={method}",
                             "train.lbfgs.leave_one_observer_out=false",
                             "train.lbfgs.iterations=1"), log=quiet)
            for method in ("kde", "histogram")]
    for run in runs:
        expected = canvas_prior(
            center_bias(run.section.training, method=run.config.data.center_bias),
            canvas_spans(run.section.training.sizes, run.section.spec.canvas))
        found = np.asarray(run.model.get_layer("center_bias").log_density)
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len({run.rows[0]["val_information_gain"] for run in runs}) == 2


@pytest.mark.one_stack
def test_observers_stand_beside_the_gold_standard(tmp_path):
    run = fit.train(config(tmp_path), log=quiet)
    with open(run.folder / "observers.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    center = center_bias(run.section.training)
    gold = fit_gold_standard(run.section.training, center=center)
    # by the maps of all others, one stimulus after the other
    gains = {int(row["observer"]): [] for row in rows}
    for index in range(len(run.section.training)):
        prior = center(run.section.training, index).log_density
        for observer, density, points in gold.leave_one_out(run.section.training, index):
            places = tuple(np.floor(points[:, ::-1]).astype(int).T)
            gains[observer] += ((density.log_density - prior)[places] / np.log(2)).tolist()
    for row in rows:
        assert float(row["gold_standard"]) == pytest.approx(np.mean(gains[int(row["observer"])]),
                                                            abs=1e-3)
    line = lbfgs.observers_explained(run.folder / "observers.csv")
    mean, gold_mean = (np.mean([float(row[key]) for row in rows])
                       for key in ("information_gain", "gold_standard"))
    assert f"{mean:.3f} bits per fixation on the training stimuli, {100 * mean / gold_mean:.0f} %" \
        in line


@pytest.mark.one_stack
def test_observers_of_another_table_are_fitted_again(tmp_path):
    run = fit.train(config(tmp_path), log=quiet)
    path = run.folder / "observers.csv"
    whole = path.read_text()
    path.write_text("observer,information_gain,val_information_gain\n0,1,1\n")
    fit.train(config(tmp_path), resume=True, log=quiet)
    assert path.read_text() == whole
