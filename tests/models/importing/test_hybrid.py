"""The encoder of MSI-Net's authors, from their checkpoint or the original Caffe model."""
import numpy as np
import pytest
import tensorflow as tf
from writers import SMALL, caffemodel, modern_layer, response, vgg_arrays

import keras_saliency as ks
from keras_saliency.models import importing, weights_file
from keras_saliency.models.weights_file import WeightsError


@pytest.fixture
def arrays(rng):
    return {f"conv{name}": blobs for name, blobs in vgg_arrays(rng).items()}


@pytest.fixture
def checkpoint(tmp_path, arrays):
    """A checkpoint with the authors' names: `conv1_1/weights`, `conv1_1/biases`."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        for name, (kernel, bias) in arrays.items():
            with v1.variable_scope(name):
                v1.get_variable("weights", initializer=kernel.transpose(2, 3, 1, 0))
                v1.get_variable("biases", initializer=bias)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "vgg16_hybrid.ckpt"), write_state=False,
                              write_meta_graph=False)
    return tmp_path / "vgg16_hybrid.ckpt.index"


def check(path, arrays, rng):
    """Compare each convolution of an MSI-Net with this encoder with the authors'."""
    model = ks.build_model("msi_net", encoder_weights=path, **SMALL)
    for name, (kernel, bias) in arrays.items():
        x = rng.standard_normal((9, 8, kernel.shape[1]))
        rate = 2 if name.startswith("conv5") else 1
        expected = tf.nn.conv2d(x[None].astype(np.float32), kernel.transpose(2, 3, 1, 0), 1,
                                "SAME", dilations=rate)[0] + bias
        layer = f"block{name[4]}_conv{name[6]}"
        np.testing.assert_allclose(response(model, layer, x), expected, atol=1e-5, err_msg=name)


def test_the_authors_checkpoint_becomes_an_encoder(tmp_path, checkpoint, arrays, rng):
    done = importing.convert("vgg16_hybrid", checkpoint, tmp_path / "hybrid.h5", **SMALL)
    assert done.layers == 13 and done.kind == "TensorFlow checkpoint"
    check(tmp_path / "hybrid.h5", arrays, rng)
    about = weights_file.read_attributes(tmp_path / "hybrid.h5")
    assert about["encoder"] == "vgg16" and about["preprocessing"] == "msi_net"
    assert "Places365" in about["training_data"] and "ImageNet" in about["training_data"]
    assert about["source_file"] == "vgg16_hybrid.ckpt.index" and len(about["source_sha256"]) == 64
    assert about["source"].endswith("alexanderkroner/saliency") and "model" not in about


def test_the_original_caffe_model_becomes_an_encoder(tmp_path, arrays, rng):
    path = caffemodel(tmp_path / "vgg16_hybrid1365.caffemodel", arrays, modern_layer)
    importing.convert("vgg16_hybrid", path, tmp_path / "hybrid.h5", **SMALL)
    check(tmp_path / "hybrid.h5", arrays, rng)
    about = weights_file.read_attributes(tmp_path / "hybrid.h5")
    assert about["preprocessing"] == "caffe" and "Places365" in about["training_data"]


def test_what_is_not_the_hybrid_is_named(tmp_path, kroner):
    folder, *_ = kroner
    with pytest.raises(WeightsError, match="model_osie_cpu.ckpt.index has no 'conv1_1/weights'"):
        importing.convert("vgg16_hybrid", folder / "model_osie_cpu.ckpt.index",
                          tmp_path / "out.h5", **SMALL)
    np.savez(tmp_path / "a.npz", np.ones(3))  # as the archive that the authors' script unpacks
    with pytest.raises(WeightsError, match="read from a TensorFlow checkpoint or Caffe model. Give "
                                           "vgg16_hybrid.ckpt.index"):
        importing.convert("vgg16_hybrid", tmp_path / "a.npz", tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()
