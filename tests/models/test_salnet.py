"""SalNet against the published Caffe network, and JuntingNet's numbers."""
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency import maps
from keras_saliency.datasets import pipeline, popout
from keras_saliency.evaluation import Scorer, score_predictions
from keras_saliency.models import salnet_deep, salnet_shallow
from keras_saliency.models.layers import CeilMaxPooling, LocalResponseNormalization
from keras_saliency.models.salnet_deep import CONVOLUTIONS
from keras_saliency.training import fit

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_agrees_with_the_published_network(golden):
    reference = np.load(golden / "salnet_deep.npz")
    seed = int(reference["seed"])
    model = ks.build_model("salnet_deep")
    rng = np.random.RandomState(seed)
    for number in range(1, 10):
        kernel, bias = model.get_layer(f"conv{number}").weights
        size, _, inputs, outputs = kernel.shape
        values = rng.standard_normal((outputs, inputs, size, size)) * np.sqrt(
            2 / (inputs * size * size))
        kernel.assign(values.transpose(2, 3, 1, 0).astype(np.float32))
        bias.assign((rng.standard_normal(outputs) * 0.01).astype(np.float32))
    deconv = rng.standard_normal((1, 1, 8, 8)) * 0.1
    model.get_layer("deconv1").set_weights([deconv.transpose(2, 3, 1, 0).astype(np.float32)])
    names = [name for name in reference.files if name.startswith("map_")]
    assert len(names) > 1
    for name in names:
        height, width = map(int, name[4:].split("x"))
        prepared = np.random.RandomState(seed + 1).standard_normal((1, 3, height, width)) * 0.5
        bgr = prepared.transpose(0, 2, 3, 1) * 127.5 + (100, 110, 118)
        output = model(bgr[..., ::-1].astype(np.float32))[0, ..., 0]
        np.testing.assert_allclose(output, reference[name], atol=1e-3)


def test_parameter_counts_of_the_paper():
    inputs, total = 3, 8 * 8
    for filters, size in CONVOLUTIONS:
        total, inputs = total + (size * size * inputs + 1) * filters, filters
    assert ks.build_model("salnet_deep").count_params() == total and round(total / 1e5) == 258
    assert ks.build_model("salnet_shallow").count_params() == 64_392_512
    small = ks.build_model("salnet_shallow", filters=64)
    assert small.get_layer("conv3").output.shape[-1] == 64


def test_pools_round_up_like_caffe():
    for length in (5, 6, 7, 8):
        values = -np.arange(1.0, length + 1, dtype=np.float32).reshape(1, length, 1, 1)
        pooled = CeilMaxPooling(3, 2)(np.repeat(values, length, 2))[0, :, 0, 0].numpy()
        count = int(np.ceil((length - 3) / 2)) + 1
        expected = [max(-np.arange(1.0, length + 1)[2 * i:2 * i + 3]) for i in range(count)]
        np.testing.assert_array_equal(pooled, expected)


def test_normalization_by_its_formula():
    x = np.random.default_rng(0).normal(0, 30, (1, 2, 2, 9)).astype(np.float32)
    squares = np.pad(x ** 2, ((0, 0),) * 3 + ((2, 2),))
    total = sum(squares[..., i:i + 9] for i in range(5))
    expected = x / (1 + 1e-4 / 5 * total) ** 0.75
    np.testing.assert_allclose(LocalResponseNormalization()(x), expected, rtol=1e-5)


def test_shallow_network_takes_one_size_and_keeps_the_authors_order():
    with pytest.raises(ValueError, match="96x96, not 48x64"):
        ks.build_model("salnet_shallow", input_shape=(48, 64, 3))
    model = ks.build_model("salnet_shallow", width_multiplier=0.03)
    names = [layer.name for layer in model.layers]
    assert names.index("channels_first") < names.index("flatten")
    assert model.get_layer("pool3").output.shape[1:3] == (10, 10)
    image = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    assert ks.predict(model, image).shape == (50, 70)


def deep(canvas_map, size):
    """SalNet's published map of a raw one."""
    return maps.finished(canvas_map, size, maps.PAD, salnet_deep.PUBLISHED)


def published(raw, size):
    """The authors' last steps with OpenCV: x 128 + 127, clip, cubic resize, 5x5 Gaussian."""
    levels = np.clip(np.asarray(raw, np.float32) * 128 + 127, 0, 255)
    large = cv2.resize(levels, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(cv2.GaussianBlur(large, (5, 5), 0), 0, 255)


def test_last_steps_of_the_authors():
    raw = np.kron([[-2.0, 0.0], [0.5, 3.0]], np.ones((20, 20)))
    levels = deep(raw[..., None].astype(np.float32), (40, 40))[..., 0].numpy()
    assert levels[5, 5] == 0 and levels[35, 35] == 255
    assert levels[5, 35] == pytest.approx(127) and levels[35, 5] == pytest.approx(191)
    inside = np.s_[2:-2, 2:-2]  # at the border ours keeps its weights inside
    np.testing.assert_allclose(levels[inside], published(raw, (40, 40))[inside], atol=0.01)
    smooth = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 3, (30, 40)), (0, 0), 3)
    ours = deep(smooth[..., None].astype(np.float32), (90, 120))[..., 0].numpy()
    assert np.corrcoef(ours.ravel(), published(smooth, (90, 120)).ravel())[0, 1] > 0.995
    point = np.zeros((41, 41, 1), np.float32)
    point[20, 20] = 1
    blurred = maps.finished(point, (41, 41), maps.PAD, salnet_shallow.SPEC.finish)[..., 0].numpy()
    assert blurred[20, 22] / blurred[20, 20] == pytest.approx(np.exp(-0.5), rel=0.02)
    np.testing.assert_allclose(blurred, cv2.GaussianBlur(point[..., 0], (17, 17), 2.0), atol=1e-5)
    assert deep(np.zeros((8, 8, 1), np.float32), (1, 1)).shape == (1, 1, 1)


def test_predict_and_export_apply_them(tmp_path):
    model = ks.build_model("salnet_deep", width_multiplier=0.02)
    image = np.random.default_rng(2).integers(0, 256, (50, 70, 3), np.uint8)
    saliency_map = ks.predict(model, image, (48, 64))
    canvas_map = model(maps.to_canvas(image, (48, 64))[None])[0]
    np.testing.assert_allclose(
        saliency_map, deep(canvas_map, (50, 70))[..., 0], atol=1e-3)
    model = ks.facts(model, canvas=(48, 64))
    served = tf.saved_model.load(str(ks.export.save(model, tmp_path / "salnet")))
    outputs = served.signatures["serving_default"](images=tf.constant(image[None]))
    np.testing.assert_allclose(outputs["saliency"][0, ..., 0],
                               maps.min_max(saliency_map).numpy(), atol=1e-3)


def test_scores_do_not_change_under_the_map_of_the_paper(planted):
    """x 128 + 127 is affine, so AUC, NSS and CC of a map in -1..1 do not change."""
    rng = np.random.default_rng(3)
    scorer = Scorer(planted, 8.0, ["auc_judd", "nss", "cc", "sim", "kld"])
    raw = [2 * scorer.references(i)["fixation_density_map"] /
           scorer.references(i)["fixation_density_map"].max() - 1
           + rng.normal(0, 0.05, (64, 96)).astype(np.float32) for i in range(len(planted))]
    raw = [np.clip(values, -0.99, 0.99) for values in raw]
    linear = score_predictions(raw, Scorer(planted, 8.0, ["auc_judd", "nss", "cc", "sim"]))
    levels = score_predictions([values * 128 + 127 for values in raw], scorer)
    for metric in ("auc_judd", "nss", "cc", "sim"):
        np.testing.assert_allclose(linear.scores[metric], levels.scores[metric], rtol=1e-4)
    assert linear.means()["auc_judd"] > 0.85 and levels.means()["kld"] < 1.5


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_the_deep_network_s_targets_are_what_its_postprocess_undoes(density):
    target = np.full((1, 6, 8, 1), density, np.float32)
    raw = tf.Variable(tf.zeros_like(target))
    for _ in range(200):
        with tf.GradientTape() as tape:
            loss = ks.losses.l2_centered(target, raw)
        raw.assign_sub(0.1 * tape.gradient(loss, raw))
    np.testing.assert_allclose(deep(raw[0], (6, 8)), 255 * density, atol=1e-3)


def test_the_weights_before_the_maxout_stay_within_their_norm():
    def lengths(max_norm):
        model = ks.build_model("salnet_shallow", width_multiplier=0.02, max_norm=max_norm)
        model.compile(keras.optimizers.SGD(20.0), "mse", jit_compile=False)
        images = np.random.default_rng(0).uniform(0, 255, (4, 96, 96, 3)).astype(np.float32)
        for target in (0, 9):
            model.train_on_batch(images, np.full((4, 96, 96, 1), target, np.float32))
        return np.linalg.norm(np.asarray(model.get_layer("dense1").kernel), axis=0).max()

    assert lengths(0) > 0.05 >= lengths(0.05) - 1e-6


@pytest.mark.slow
@pytest.mark.one_stack
def test_the_shallow_network_learns_by_its_recipe():
    """At full width; a sum over the pixels in place of their mean diverges at the same rate."""
    config = configs.load(REPOSITORY / "configs" / "salnet_shallow_salicon.yaml")
    keras.utils.set_random_seed(1)
    model = ks.build_model("salnet_shallow")
    model.compile(fit.make_optimizer(config.train, 62), jit_compile=False,
                  loss=ks.losses.weighted(config.train.loss))
    arrays = popout.load(count=4, size=(96, 96))
    images, targets = next(iter(pipeline.canvas_stream(
        arrays, pipeline.CanvasSpec((96, 96), 6.0), 4)))
    losses = [float(np.ravel(model.train_on_batch(images, targets))[0]) for _ in range(20)]
    assert np.isfinite(losses).all() and losses[-1] < 0.8 * losses[0]
    assert max(losses[10:]) < losses[0]
