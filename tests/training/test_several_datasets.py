"""Runs on several datasets at once: what they see, what they write, how they resume."""
import csv
import itertools
import json
from collections import Counter

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.datasets import orders, pipeline
from keras_saliency.datasets.loading import load_sections, training_pieces, training_shares
from keras_saliency.evaluation.scores import of_baseline, of_maps, of_predictor, score
from keras_saliency.files import InputError
from keras_saliency.models import weights_file
from keras_saliency.prediction.predictor import predictor
from keras_saliency.training import features, fit, run_results
from keras_saliency.training.run import OPTIMIZER_GROUP, Run

GRAYS = range(60, 180, 10)  # of the stimuli in the folder: a picture says which it is
PADDING = 126

pytestmark = pytest.mark.usefixtures("op_by_op")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of twelve even pictures, every third of them portrait, with published densities and
    fixations."""
    root = tmp_path_factory.mktemp("pictures")
    for name in ("stimuli", "density", "fixations"):
        (root / name).mkdir()
    rng = np.random.default_rng(3)
    for number, gray in enumerate(GRAYS):
        size = (128, 96) if number % 3 == 0 else (96, 128)
        points = np.zeros(size, np.uint8)
        points[rng.integers(10, 90, 12), rng.integers(10, 90, 12)] = 255
        density = cv2.GaussianBlur(points.astype(np.float32), (0, 0), 9)
        for name, values in (("stimuli", np.full((*size, 3), gray, np.uint8)),
                             ("density", np.uint8(density / density.max() * 255)),
                             ("fixations", points)):
            cv2.imwrite(str(root / name / f"{gray}.png"), values)
    return root


def several(output, pictures, *overrides, sections=()):
    """A run of seconds on arrays of 120x96 (fixations, blurred) and pictures (densities)."""
    sections = sections or ["{name: popout, options: {count: 20, size: [120, 96]}, "
                            "sigma_pixels: 6, upright: true, canvas: [48, 64]}",
                            f"{{name: folder, root: '{pictures}', upright: true, weight: 2}}"]
    return configs.load(None, [
        f"output={output}", "name=both", "model.name=vgg_linear",
        "model.options={width_multiplier: 0.03}", f"data=[{', '.join(sections)}]",
        "train.loss={kld: 1, neg_cc: 0.5, neg_nss: 0.05}", "train.epochs=2", "train.batch=2",
        "train.learning_rate=1e-3", "train.mirror=true", "train.freeze=block2", *overrides])


def quiet(line):
    pass


def train(*arguments, resume=False, **options):
    return fit.train(several(*arguments, **options), resume=resume, log=quiet)


def assert_same(a, b):
    """Weights, optimizer and history of two runs."""
    assert a.rows == b.rows
    for name in ("last.h5", "best.h5"):
        ours, theirs = (weights_file.read(run.folder / name) for run in (a, b))
        for layer in ours:
            for key in ours[layer]:
                np.testing.assert_array_equal(ours[layer][key], theirs[layer][key])
    ours, theirs = (weights_file.read_group(run.folder / "last.h5", OPTIMIZER_GROUP)
                    for run in (a, b))
    for key in ours:
        np.testing.assert_array_equal(ours[key], theirs[key])


def test_the_stream_shows_each_stimulus_as_its_weight_says(tmp_path, pictures):
    config = several(tmp_path, pictures, "train.batch=1")
    sections = load_sections(config.sections, ["fixation_density_map", "fixation_map"])
    run = Run(tmp_path, config, None, [], sections)
    _, load, _ = features.inputs(run)
    drawn = orders.epoch_orders(training_shares(sections), 1, 1, True, range(1))
    shapes, grays = Counter(), Counter()
    for image, target in pipeline.training_stream(drawn, load, 1):
        shapes[tuple(image.shape[1:3])] += 1
        # the canvas has the shape of the pictures, so there is no padding
        if float(np.ptp(image)) == 0:
            grays[int(image[0, 0, 0, 0])] += 1
            assert float(np.max(target[..., 0])) == 1
        assert tuple(target.shape[1:]) == (*image.shape[1:3], 2)
    folder = sections[1].training
    assert {str(gray): count for gray, count in grays.items()} == {name: 2 for name in folder.names}
    portrait = int((folder.sizes[:, 0] > folder.sizes[:, 1]).sum())
    # ten arrays are portrait: 120x96 on 64x48, where padding remains
    assert shapes == {(64, 48): 10 + 2 * portrait, (48, 64): 2 * (len(folder) - portrait)}


@pytest.mark.slow
@pytest.mark.parametrize("cache, upright", [("none", True), ("disk", False)])
def test_resume_gives_the_same_weights(tmp_path, pictures, cache, upright):
    options = [f"train.cache={cache}", "train.optimizer_options={use_ema: true}",
               "data.1.weight=1.5", *(f"data.{index}.upright={upright}" for index in (0, 1))]
    whole = train(tmp_path / "whole", pictures, *options)
    train(tmp_path / "parts", pictures, *options, "train.epochs=1")
    assert_same(whole, train(tmp_path / "parts", pictures, *options, resume=True))
    if cache == "disk":
        assert sorted(path.name for path in whole.folder.glob("features_*")) == [
            f"features_{part}_{label}.h5" for part in ("training", "validation")
            for label in ("folder", "popout")]


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_a_cache_gives_what_the_files_give(tmp_path, pictures, cache):
    """Of each share, each stimulus and its mirror image, and in the order of validation."""
    config = several(tmp_path, pictures, f"train.cache={cache}")
    model = fit.build(config.model, config.train)
    sections = load_sections(config.sections, ["fixation_density_map", "fixation_map"])
    _, cached, streams = features.inputs(Run(tmp_path, config, model, [], sections))
    config.train.cache = "none"
    _, load, plain = features.inputs(Run(tmp_path, config, model, [], sections))
    trunk, _ = features.split_at_frozen(model)

    def check(responses, target, image, expected):
        for ours, theirs in zip(responses, tf.nest.flatten(trunk(image))):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(target, expected, atol=1e-3)

    key, compared = tf.zeros([2], tf.int32), 0
    for number, (_, stimuli, _) in enumerate(training_pieces(sections)):
        for index, mirrored in itertools.product((0, len(stimuli) - 1), (False, True)):
            image, expected = load(number, index, tf.constant(mirrored), key)
            responses, target = cached(number, index, tf.constant(mirrored), key)
            check([r[None] for r in responses], target, image[None], expected)
            compared += 1
    assert compared == 3 * 4
    for ours, theirs in zip(streams, plain):
        batches = list(zip(ours, theirs))
        assert sum(len(target) for (_, target), _ in batches) in (3, 10)
        for (responses, target), (image, expected) in batches:
            check(responses, target, image, expected)
    if cache == "disk":  # no picture for validation is portrait
        assert sorted(path.name for path in tmp_path.glob("features_*")) == [
            f"features_{part}.h5" for part in (
                "training_folder_48x64", "training_folder_64x48", "training_popout_64x48",
                "validation_folder_48x64", "validation_popout_64x48")]


def test_all_caches_must_fit_into_memory_together(tmp_path, pictures, monkeypatch):
    asked = []
    monkeypatch.setattr(features, "require_memory", lambda rows, shapes: asked.append((rows, {
        int(np.prod(shape)) for shape in shapes})))
    config = several(tmp_path, pictures, "train.cache=memory")
    model = fit.build(config.model, config.train)
    sections = load_sections(config.sections)
    features.inputs(Run(tmp_path, config, model, [], sections))
    (rows, values), *each = asked
    assert rows == 2 * (10 + 9) + (10 + 3) == sum(rows for rows, _ in each) and len(each) == 5
    assert all(values == others for _, others in each)


@pytest.mark.slow
def test_a_list_of_one_is_that_dataset(tmp_path):
    one = "{name: popout, options: {count: 20, size: [96, 128]}, canvas: [48, 64]}"
    listed = train(tmp_path / "list", None, "train.epochs=1", sections=[one])
    assert_same(listed, train(tmp_path / "plain", None, f"data={one}", "train.epochs=1",
                              sections=[one]))
    assert set(listed.rows[0]) == {"epoch", "loss", "val_loss", "val_nss", "val_cc"}


@pytest.mark.slow
def test_scores_are_of_each_dataset_and_pooled(tmp_path, pictures, capsys):
    config = several(tmp_path, pictures, "train.epochs=1", "evaluation.metrics=[nss, auc_shuffled]")
    lines = []
    run = fit.train(config, log=lines.append)
    assert "popout" in lines[0] and "folder" in lines[0] and "weight 2" in lines[0]
    count = {section.label: len(section.evaluated) for section in run.sections}
    assert count == {"popout": 10, "folder": 3}
    row = run.rows[0]
    for name in ("val_loss", "val_nss", "val_cc"):
        assert row[name] == pytest.approx(
            (10 * row[f"popout_{name}"] + 3 * row[f"folder_{name}"]) / 13, rel=1e-6)
    run_results.write(run, log=lines.append)
    assert not (run.folder / "scores.csv").exists()
    alone = {"popout": "data={name: popout, options: {count: 20, size: [120, 96]}, sigma_pixels: 6,"
                       " upright: true, canvas: [48, 64]}",
             "folder": f"data={{name: folder, root: '{pictures}', upright: true, "
                       "canvas: [48, 64]}"}
    score(config, of_predictor(predictor(run.folder)), out=tmp_path / "both.csv")
    for label, override in alone.items():
        table = run.folder / f"scores_{label}.csv"
        assert any(str(table) in line for line in lines)
        written = json.loads(table.with_suffix(".json").read_text())
        assert written["dataset"] == label and written["stimuli"] == count[label]
        assert written["metrics"]["nss"]["mean"] == pytest.approx(row[f"{label}_val_nss"], abs=1e-6)
        assert written["metrics"]["auc_shuffled"]["mean"] != pytest.approx(0.5, abs=1e-9)
        # each as if there were no other: blur, split and nonfixations are its own
        single = several(tmp_path, pictures, "evaluation.metrics=[nss, auc_shuffled]", override)
        score(single, of_predictor(predictor(run.folder)), out=tmp_path / "alone.csv")
        with open(tmp_path / "alone.csv") as a, open(tmp_path / f"both_{label}.csv") as b:
            ours, theirs = list(csv.reader(a)), list(csv.reader(b))
        assert ours == theirs and len(ours) == 1 + count[label]
        with open(table) as file:
            assert list(csv.reader(file)) == ours
    assert capsys.readouterr().out.count("95 % interval") == 4


def test_baselines_are_of_each_dataset(tmp_path, pictures, capsys):
    config = several(tmp_path, pictures, "evaluation.metrics=[nss]")
    score(config, of_baseline("center_bias"), out=tmp_path / "center.csv")
    for label in ("popout", "folder"):
        about = json.loads((tmp_path / f"center_{label}.json").read_text())
        assert about["dataset"] == label
    with pytest.raises(InputError, match="the maps in .* are of one dataset, .* list of 2"):
        score(config, of_maps(tmp_path))


def test_resume_refuses_other_datasets(tmp_path, pictures):
    train(tmp_path, pictures, "train.epochs=1")
    with pytest.raises(ConfigError, match="differs in data.1.weight;"):
        train(tmp_path, pictures, "data.1.weight=1", resume=True)
    with pytest.raises(ConfigError, match="differs in data;"):
        train(tmp_path, pictures, "data={name: popout, canvas: [48, 64]}", resume=True)


@pytest.mark.parametrize("overrides, message", [
    (["train.unit_layers=[block5_conv3]"], "train.unit_layers is for one canvas: set data.upright"),
    (["model.name=deepgaze1", "model.options={}", "train.freeze=null",
      "train.lbfgs={iterations: 1}"], "train.lbfgs is for one canvas: set data.upright=false"),
    (["model.name=salnet_shallow", "train.freeze=null",
      "model.options={width_multiplier: 0.05}"],
     r"salnet_shallow takes a canvas of \(96, 96\) alone, not \((48, 64|64, 48)\)"),
    (["train.adversarial={alpha: 0.05}"], "train.adversarial is for one canvas"),
    (["data.0.upright=false", "data.1.upright=false", "train.unit_layers=[block5_conv3]"],
     "train.unit_layers is for one canvas and one dataset: name one in data"),
    (["train.monitor=osie_val_loss"], "choose from val_loss, loss, val_nss, val_cc, "
     "popout_val_loss, popout_val_nss, popout_val_cc, folder_val_loss"),
    (["train.batch=13"], "10 training stimuli on the canvas 48x64 do not fill one batch of 13"),
    (["data.1.options={dencity: a}"], "folder has no option 'dencity'"),
])
def test_what_does_not_go_with_several_datasets_is_named(tmp_path, pictures, overrides, message):
    with pytest.raises(InputError, match=message):
        train(tmp_path, pictures, *overrides)
    assert not list(tmp_path.rglob("*.h5"))
