"""MSI-Net against the authors' own graph, and its ablations."""
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import losses

CONVOLUTIONS = (
    [f"block{b}_conv{c}" for b, n in enumerate((2, 2, 3, 3, 3), 1) for c in range(1, n + 1)]
    + [f"aspp_conv1_{i}" for i in range(1, 6)] + ["aspp_conv2"]
    + [f"decoder_conv{i}" for i in range(1, 5)])


def seeded_weights(model, seed):
    """Return the weights of golden/README.md."""
    rng = np.random.RandomState(seed)
    for name in CONVOLUTIONS:
        kernel, bias = model.get_layer(name).weights
        kh, kw, inputs, outputs = kernel.shape
        values = rng.standard_normal((kh, kw, inputs, outputs)) * np.sqrt(2 / (kh * kw * inputs))
        kernel.assign(values.astype(np.float32))
        bias.assign((rng.standard_normal(outputs) * 0.01).astype(np.float32))


def seeded_image(seed, height, width):
    rng = np.random.RandomState(seed + 1)
    yy, xx = np.mgrid[:height, :width]
    image = np.stack([127 + 100 * np.sin(xx / 7 + c) * np.cos(yy / 11 - c) for c in range(3)], -1)
    image = image + rng.uniform(-20, 20, (height, width, 3))
    return np.clip(image, 0, 255).astype(np.float32)[np.newaxis]


@pytest.mark.slow
def test_agrees_with_the_authors_graph(golden):
    reference = np.load(golden / "msi_net.npz")
    seed = int(reference["seed"])
    model = ks.build_model("msi_net")
    seeded_weights(model, seed)
    for height, width in ((240, 320), (216, 384)):
        output = model.predict(seeded_image(seed, height, width), verbose=0)
        expected = reference[f"map_{height}x{width}"]
        np.testing.assert_allclose(output[0, ..., 0], expected, atol=1e-4)
        target = np.abs(np.random.RandomState(seed + 2).standard_normal((1, height, width, 1)))
        loss = float(losses.kld(target.astype(np.float32), output))
        assert loss == pytest.approx(float(reference[f"kld_{height}x{width}"]), abs=1e-4)


def test_parameter_count_of_the_paper():
    assert ks.build_model("msi_net").count_params() == 24_934_209


def test_ablations_change_what_the_paper_changes():
    full = ks.build_model("msi_net", width_multiplier=0.05)
    flat = ks.build_model("msi_net", width_multiplier=0.05, aspp=False)
    single = ks.build_model("msi_net", width_multiplier=0.05, multi_level=False)
    names = {m: [layer.name for layer in m.layers] for m in (full, flat, single)}
    assert "aspp_conv1" in names[flat] and "aspp_conv1_2" not in names[flat]
    assert flat.count_params() > full.count_params()  # section 4.3: more parameters without ASPP
    assert single.get_layer("aspp_conv1_1").weights[0].shape[2] == 26  # 512 * 0.05
    assert full.get_layer("aspp_conv1_1").weights[0].shape[2] == 13 + 26 + 26


@pytest.mark.parametrize("size", [(24, 32), (40, 16), (240, 320)])
def test_output_size_is_the_input_size(size):
    model = ks.build_model("msi_net", width_multiplier=0.02)
    output = model.predict(np.random.default_rng(0).uniform(0, 255, (2, *size, 3)), verbose=0)
    assert output.shape == (2, *size, 1)
    assert output.min() == 0 and output.max() <= 1


def test_a_constant_image_gives_a_finite_map():
    model = ks.build_model("msi_net", width_multiplier=0.02)
    assert np.isfinite(model.predict(np.zeros((1, 24, 32, 3)), verbose=0)).all()


def test_preprocessing_modes_differ_by_the_channel_order():
    rgb = np.random.default_rng(1).uniform(0, 255, (1, 24, 32, 3)).astype(np.float32)
    ours = ks.build_model("msi_net", width_multiplier=0.02)
    caffe = ks.build_model("msi_net", width_multiplier=0.02, preprocessing="caffe")
    caffe.set_weights(ours.get_weights())
    np.testing.assert_allclose(
        ours.predict(rgb, verbose=0), caffe.predict(rgb[..., ::-1], verbose=0), atol=1e-5)
    with pytest.raises(ValueError, match="preprocessing 'keras' is unknown.*caffe"):
        ks.build_model("msi_net", preprocessing="keras")
