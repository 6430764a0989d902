"""Maxout, weight normalisation and progress bar: closed forms, and equal on both Keras.

tests/data/addons_tfa.npz holds what tensorflow-addons 0.23 computes for the inputs of `cases`.
To write it anew, in the Keras 2 environment (elsewhere it refuses):

    python tests/test_addons.py
"""
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import addons
from keras_saliency.compat import KERAS_3

GOLDEN = Path(__file__).parent / "data" / "addons_tfa.npz"


def built_layer(kind, rng):
    """A Dense or Conv2D with seeded weights, and an input for it."""
    if kind == "dense":
        layer, x = keras.layers.Dense(3, activation="tanh"), rng.normal(size=(6, 5))
    else:
        layer = keras.layers.Conv2D(3, (3, 2), activation="relu", padding="same")
        x = rng.normal(size=(2, 5, 4, 2))
    layer.build(x.shape)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer, x.astype(np.float32)


def numpy(tensor):
    return tf.convert_to_tensor(tensor).numpy()


def cases():
    """Results of every piece on seeded inputs: name -> array."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 3, 6)).astype(np.float32)
    results = {"maxout_last": numpy(addons.Maxout(2)(x)),
               "maxout_axis1": numpy(addons.Maxout(1, axis=1)(x))}
    for kind in ("dense", "conv"):
        for data_init in (False, True):
            layer, x = built_layer(kind, rng)
            wrapper = addons.WeightNormalization(layer, data_init=data_init)
            first = wrapper(x)
            with tf.GradientTape() as tape:
                second = wrapper(0.5 * x)
                loss = tf.reduce_sum(second ** 2)
            variables = [wrapper.g, wrapper.v, layer.bias]
            gradients = tape.gradient(loss, [getattr(v, "value", v) if KERAS_3 else v
                                             for v in variables])
            parts = dict(first=first, second=second, g=wrapper.g, bias=layer.bias,
                         dg=gradients[0], dv=gradients[1], dbias=gradients[2])
            results.update({f"weight_norm_{kind}_{data_init}_{k}": numpy(v)
                            for k, v in parts.items()})
    return results


def test_equal_to_tensorflow_addons():
    golden, ours = np.load(GOLDEN), cases()
    assert set(golden.files) == set(ours)
    for name in golden.files:
        assert golden[name].dtype == ours[name].dtype, name
        np.testing.assert_allclose(ours[name], golden[name], rtol=1e-4, atol=1e-5, err_msg=name)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        addons.no_such_thing


def test_import_is_lazy_and_silent():
    """The addons come with the first use, and their warnings are not shown."""
    code = ("import sys; from keras_saliency import addons;"
            "assert 'tensorflow_addons' not in sys.modules;"
            "addons.Maxout; print(addons.KERAS_3 or 'tensorflow_addons' in sys.modules)")
    done = subprocess.run([sys.executable, "-W", "always::UserWarning", "-c", code],
                          capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "True"
    assert "Addons" not in done.stderr


# Maxout

def test_maxout_by_hand():
    x = np.array([[1., 5., 3., 2.]], np.float32)
    assert numpy(addons.Maxout(2)(x)).tolist() == [[3., 5.]]  # max(1, 3), max(5, 2)
    assert numpy(addons.Maxout(1)(x)).tolist() == [[5.]]
    assert numpy(addons.Maxout(4)(x)).tolist() == x.tolist()


def test_maxout_rejects_a_number_that_does_not_divide():
    with pytest.raises(ValueError, match="multiple"):
        addons.Maxout(4)(np.zeros((1, 6), np.float32))


def test_maxout_in_a_model_with_any_size(tmp_path):
    inputs = keras.Input((None, None, 4))
    model = keras.Model(inputs, addons.Maxout(2)(inputs))
    assert tuple(model.output_shape) == (None, None, None, 2)
    x = np.random.default_rng(0).normal(size=(1, 3, 5, 4)).astype(np.float32)
    expected = np.maximum(x[..., :2], x[..., 2:])
    np.testing.assert_array_equal(numpy(model(x)), expected)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(
        numpy(keras.models.load_model(tmp_path / "m.keras")(x)), expected)


# Weight normalisation

@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_weight_normalization_closed_form(kind):
    """g = |v| leaves the function alone; another g scales it; the kernel's norm is g."""
    layer, x = built_layer(kind, np.random.default_rng(1))
    plain = numpy(layer(x))
    wrapper = addons.WeightNormalization(layer, data_init=False)
    np.testing.assert_allclose(numpy(wrapper(x)), plain, rtol=1e-4, atol=1e-5)
    v = numpy(wrapper.v)
    norms = np.sqrt((v.reshape(-1, 3) ** 2).sum(0))
    np.testing.assert_allclose(numpy(wrapper.g), norms, rtol=1e-5)
    wrapper.g.assign([1., 2., 3.])
    expected = numpy(wrapper(x))
    kernel = v / norms * [1, 2, 3]
    bias = numpy(layer.bias)
    if kind == "dense":
        np.testing.assert_allclose(expected, np.tanh(x @ kernel + bias), rtol=1e-4, atol=1e-5)
    removed = wrapper.remove()
    kernel_after = numpy(removed.kernel)
    np.testing.assert_allclose(kernel_after, kernel, rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(kernel_after.reshape(-1, 3), axis=0), [1, 2, 3], rtol=1e-5)


def test_weight_normalization_data_init_standardises():
    """With |v| = 1 the paper and tensorflow-addons agree: outputs have mean 0 and std 1."""
    rng = np.random.default_rng(2)
    layer = keras.layers.Dense(3)
    x = rng.normal(3, 2, size=(50, 4)).astype(np.float32)
    layer.build(x.shape)
    kernel = rng.normal(size=(4, 3))
    layer.set_weights([kernel / np.linalg.norm(kernel, axis=0), np.zeros(3)])
    wrapper = addons.WeightNormalization(layer)
    out = numpy(wrapper(x))
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(out.std(0), 1, rtol=1e-3)
    # The second batch must not initialise again.
    np.testing.assert_allclose(numpy(wrapper(x + 1)).mean(0), (kernel / np.linalg.norm(
        kernel, axis=0)).sum(0) * numpy(wrapper.g), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("data_init", [True, False])
def test_weight_normalization_trains_and_survives_saving(tmp_path, data_init):
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6, 6, 2))
    x = addons.WeightNormalization(keras.layers.Conv2D(4, 3, activation="relu", name="c"),
                                   data_init=data_init, name="wn_conv")(inputs)
    x = keras.layers.Flatten()(x)
    x = addons.WeightNormalization(keras.layers.Dense(2, name="d"), data_init=data_init,
                                   name="wn_dense")(x)
    model = keras.Model(inputs, x)
    model.compile("sgd", "mse")
    data = np.random.default_rng(3).normal(size=(8, 6, 6, 2)).astype(np.float32)
    target = np.ones((8, 2), np.float32)
    model(data)
    before = {name: numpy(getattr(model.get_layer(name), part)) for name in ("wn_conv", "wn_dense")
              for part in ("g",)}
    losses = model.fit(data, target, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    for name, g in before.items():
        assert not np.allclose(g, numpy(model.get_layer(name).g)), f"{name}: g did not train"
    out = model.predict(data, verbose=0)
    model.save(tmp_path / "m.keras")
    restored = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(restored.predict(data, verbose=0), out, rtol=1e-5, atol=1e-6)
    tf.saved_model.save(model, str(tmp_path / "saved"))


def test_weight_normalization_needs_a_kernel():
    with pytest.raises(ValueError, match="kernel"):
        addons.WeightNormalization(keras.layers.Flatten())(np.zeros((1, 2, 2), np.float32))


# Progress bar

def small_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model, np.ones((8, 3), np.float32), np.ones((8, 1), np.float32)


def test_tqdm_bar_prints_the_metrics(capsys):
    model, x, y = small_model()
    bar = addons.TQDMProgressBar(metrics_separator=" | ", metrics_format="{name}={value:0.3f}",
                                 update_per_second=1000)
    history = model.fit(x, y, batch_size=2, epochs=2, validation_data=(x, y), verbose=0,
                        callbacks=[bar]).history
    shown = capsys.readouterr()
    assert "Epoch 1/2" in shown.out and "Epoch 2/2" in shown.out
    assert "4/4" in shown.err
    for epoch in range(2):
        line = " | ".join(f"{name}={values[epoch]:0.3f}" for name, values in history.items())
        assert "val_mae" in line and line in shown.err


def test_tqdm_bar_shows_the_result_of_evaluate(capsys):
    model, x, y = small_model()
    y = np.arange(8, dtype=np.float32)[:, None]  # batches of different loss
    result = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True,
                            callbacks=[addons.TQDMProgressBar()])
    assert f"mae: {result['mae']:0.4f}" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_tqdm_bar_with_a_dataset_of_unknown_length(capsys):
    model, x, y = small_model()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(2).filter(lambda *_: True)
    history = model.fit(data, epochs=2, verbose=0, callbacks=[addons.TQDMProgressBar()]).history
    error = capsys.readouterr().err
    assert f"loss: {history['loss'][0]:0.4f}" in error and "4/?" in error


if __name__ == "__main__":
    if KERAS_3:
        sys.exit("the golden file is written with tensorflow-addons, that is on Keras 2")
    GOLDEN.parent.mkdir(exist_ok=True)
    np.savez_compressed(GOLDEN, **cases())
    print(GOLDEN, GOLDEN.stat().st_size, "bytes")
