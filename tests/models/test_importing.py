"""Authors' weights become ours: each kind of file is written here, byte by byte where need be, and
the imported layers are compared with what the authors' framework would compute."""
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import convolve2d, correlate2d

import keras_saliency as ks
from keras_saliency.models import importing, weights_file
from keras_saliency.models.importing import formats, pickles
from keras_saliency.models.weights_file import WeightsError

REPOSITORY = Path(__file__).resolve().parents[2]
WIDTH = 1 / 32
SMALL = {"width_multiplier": WIDTH}
COUNTS = {1: (2, 2), 2: (2, 4), 3: (3, 8), 4: (3, 16), 5: (3, 16)}  # convolutions, filters
VGG = [(f"{block}_{n}", 3, filters) for block, (count, filters) in COUNTS.items()
       for n in range(1, count + 1)]


def shapes(layers, inputs=3):
    """[(name, (out, in, h, w))] of convolutions in a row, from (name, size, filters)."""
    found = []
    for name, size, filters in layers:
        found.append((name, (filters, inputs, size, size)))
        inputs = filters
    return found


def draw(rng, shape):
    """(kernel, bias) in float32; He's scale keeps deep stacks alive."""
    scale = np.sqrt(2 / np.prod(shape[1:]))
    return ((rng.standard_normal(shape) * scale).astype(np.float32),
            (rng.standard_normal(shape[0]) * 0.1).astype(np.float32))


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def imported(name, source, tmp_path, **options):
    importing.convert(name, source, tmp_path / "out.h5", **{**SMALL, **options})
    return ks.load_pretrained(tmp_path / "out.h5")


def response(model, layer, x):
    """What one convolution makes of x [H, W, C], before its activation: [H, W, out]."""
    layer = model.get_layer(layer)
    kernel, bias = (tf.convert_to_tensor(w) for w in layer.get_weights())
    rate = layer.dilation_rate
    return tf.nn.conv2d(x[None].astype(np.float32), kernel, 1, "SAME", dilations=rate)[0] + bias


def sliding(x, kernel, bias, slide):
    """The same by scipy: x [H, W, C], kernel [out, in, h, w], `slide` convolve2d or correlate2d."""
    return np.stack([sum(slide(x[..., i], filters[i], mode="same") for i in range(x.shape[-1]))
                     for filters in kernel], -1) + bias


# ---- MSI-Net: the authors' graph in TensorFlow 1, under their names ----

def authors_msi_net(image, rng):
    """The network of alexanderkroner/saliency at 1/32 of its filters; variables get their names."""
    v1 = tf.compat.v1

    def conv(x, name, size, filters, rate=1, relu=True):
        kernel, bias = draw(rng, (filters, int(x.shape[-1]), size, size))
        kernel = v1.get_variable(f"{name}/kernel", initializer=kernel.transpose(2, 3, 1, 0))
        bias = v1.get_variable(f"{name}/bias", initializer=30 * np.abs(bias))  # few dead units
        x = tf.nn.conv2d(x, kernel, 1, "SAME", dilations=rate) + bias
        return tf.nn.relu(x) if relu else x

    x, pools = image - (103.939, 116.779, 123.68), []
    for block, (count, filters) in COUNTS.items():
        for n in range(1, count + 1):
            x = conv(x, f"conv{block}/conv{block}_{n}", 3, filters, 2 if block == 5 else 1)
        x = (tf.nn.max_pool2d(x, 2, 2, "VALID") if block < 4
             else tf.nn.max_pool2d(x, 2, 1, "SAME"))
        pools.append(x)
    x = tf.concat(pools[2:], -1)
    mean = conv(tf.reduce_mean(x, (1, 2), keepdims=True), "aspp/conv1_5", 1, 8)
    size = tf.shape(x)[1:3]
    x = tf.concat([conv(x, "aspp/conv1_1", 1, 8), conv(x, "aspp/conv1_2", 3, 8, 4),
                   conv(x, "aspp/conv1_3", 3, 8, 8), conv(x, "aspp/conv1_4", 3, 8, 12),
                   v1.image.resize_bilinear(mean, size)], -1)
    x = conv(x, "aspp/conv2", 1, 8)
    for n, filters in enumerate((4, 2, 1), start=1):
        x = conv(v1.image.resize_bilinear(x, tf.shape(x)[1:3] * 2), f"decoder/conv{n}", 3, filters)
    x = conv(x, "decoder/conv4", 3, 1, relu=False)
    x -= tf.reduce_min(x, (1, 2, 3), keepdims=True)
    return tf.divide(x, 1e-7 + tf.reduce_max(x, (1, 2, 3), keepdims=True), name="output")


@pytest.fixture(scope="module")
def kroner(tmp_path_factory):
    """(folder with the authors' kinds of files, image, the authors' map of it)."""
    folder, v1 = tmp_path_factory.mktemp("kroner"), tf.compat.v1
    rng = np.random.default_rng(2)
    image = rng.uniform(0, 255, (1, 128, 192, 3)).astype(np.float32)  # beyond all dilations
    with tf.Graph().as_default() as graph, v1.Session() as session:
        placeholder = v1.placeholder(tf.float32, (None, None, None, 3), "input")
        output = authors_msi_net(placeholder, rng)
        session.run(v1.global_variables_initializer())
        expected = session.run(output, {placeholder: image})
        assert expected.std() > 0.03 and (expected > 0).mean() > 0.9  # no dead network
        variables = {v.op.name: session.run(v) for v in v1.global_variables()}
        v1.train.Saver().save(session, str(folder / "model_osie_cpu.ckpt"), write_state=False)
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["output"])
    (folder / "model_cat2000_cpu.pb").write_bytes(frozen.SerializeToString())

    module = tf.Module()  # keys are paths of attributes; only the names say what is what
    module.parts = [tf.Variable(value, name=name) for name, value in variables.items()][::-1]
    tf.saved_model.save(module, str(folder / "variables_model"))

    module = tf.Module()  # as published: no variables, constants inside a function
    pruned = v1.wrap_function(
        lambda x: tf.graph_util.import_graph_def(frozen, {"input": x}, ["output:0"], name=""),
        [tf.TensorSpec((None, None, None, 3), tf.float32)])
    module.call = tf.function(lambda x: pruned(x), [tf.TensorSpec((None, None, None, 3))])
    tf.saved_model.save(module, str(folder / "constants_model"))
    return folder, image, expected


@pytest.mark.parametrize("file, dataset, canvas", [
    ("model_cat2000_cpu.pb", "cat2000", (216, 384)),
    ("model_osie_cpu.ckpt.index", "osie", (240, 320)),
    ("model_osie_cpu.ckpt", "osie", (240, 320)),
    ("variables_model", "salicon", (240, 320)),
    ("constants_model", "salicon", (240, 320)),
])
def test_msi_net_computes_what_the_authors_graph_does(kroner, tmp_path, file, dataset, canvas):
    folder, image, expected = kroner
    model = imported("msi_net", folder / file, tmp_path)
    np.testing.assert_allclose(model(image), expected, atol=1e-4)
    assert model.canvas == canvas and model.about["dataset"] == dataset
    assert model.about["preprocessing"] == "msi_net" and model.about["licence"] == "MIT"
    assert model.about["source_file"] == file and "Kroner" in model.about["citation"]


def test_a_missing_part_of_a_checkpoint_is_one_error(kroner, tmp_path):
    folder, *_ = kroner
    for suffix in ("index", "data-00000-of-00001"):
        data = (folder / f"model_osie_cpu.ckpt.{suffix}").read_bytes()
        (tmp_path / f"cut.ckpt.{suffix}").write_bytes(data[:len(data) // 2])
        with pytest.raises(WeightsError, match="cut.ckpt.* is not a readable TensorFlow checkp"):
            importing.convert("msi_net", tmp_path / f"cut.ckpt.{suffix}", tmp_path / "out.h5")


# ---- SalGAN ----

DECODER = [("uconv5_3", 3, 16), ("uconv5_2", 3, 16), ("uconv5_1", 3, 16), ("uconv4_3", 3, 16),
           ("uconv4_2", 3, 16), ("uconv4_1", 3, 16), ("uconv3_3", 3, 8), ("uconv3_2", 3, 8),
           ("uconv3_1", 3, 8), ("uconv2_2", 3, 4), ("uconv2_1", 3, 4), ("uconv1_2", 3, 2),
           ("uconv1_1", 3, 2), ("output", 1, 1)]


def salgan_file(path, rng):
    parameters = [array for _, shape in shapes(VGG + DECODER) for array in draw(rng, shape)]
    np.savez(path, *parameters)
    return parameters


def test_salgan_turns_the_filters_of_the_decoder_only(tmp_path, rng):
    parameters = salgan_file(tmp_path / "gen.npz", rng)
    model = imported("salgan", tmp_path / "gen.npz", tmp_path)
    names = [f"block{n[0]}_conv{n[2]}" for n, *_ in VGG] + [name for name, *_ in DECODER]
    for index, name in enumerate(names):
        kernel, bias = parameters[2 * index:2 * index + 2]
        x = rng.standard_normal((6, 7, kernel.shape[1]))
        slide = correlate2d if name.startswith("block") else convolve2d
        np.testing.assert_allclose(response(model, name, x), sliding(x, kernel, bias, slide),
                                   atol=1e-5, err_msg=name)
    assert model.about["preprocessing"] == "caffe" and model.canvas == (192, 256)


def test_float16_is_close_and_too_large_weights_are_named(tmp_path, rng):
    salgan_file(tmp_path / "gen.npz", rng)
    importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "half.h5", "float16", **SMALL)
    importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "whole.h5", **SMALL)
    half, whole = (weights_file.read(tmp_path / f"{n}.h5") for n in ("half", "whole"))
    assert half["output"]["kernel"].dtype == np.float16
    np.testing.assert_allclose(half["output"]["kernel"], whole["output"]["kernel"], rtol=1e-3)
    arrays = [a * 1e6 for a in np.load(tmp_path / "gen.npz").values()]
    np.savez(tmp_path / "large.npz", *arrays)
    with pytest.raises(WeightsError, match="block1_conv1 has weights beyond float16"):
        importing.convert("salgan", tmp_path / "large.npz", tmp_path / "x.h5", "float16", **SMALL)


# ---- Caffe ----

def varint(number):
    low, number = number & 127, number >> 7
    return bytes([low | 128]) + varint(number) if number else bytes([low])


def field(number, value):
    """A field of a protocol buffer: bytes with their length, whole numbers as varints."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def modern_layer(name, *blobs):
    """LayerParameter with packed BlobProtos that have a BlobShape."""
    body = field(1, name.encode()) + field(2, b"Convolution")
    for blob in blobs:
        dims = field(1, b"".join(varint(n) for n in blob.shape))
        body += field(7, field(7, dims) + field(5, blob.astype("<f4").tobytes()))
    return field(100, body)


def old_layer(name, *blobs):
    """V1LayerParameter; num, channels, height, width, and a field for each number."""
    body = field(5, 4) + field(4, name.encode())
    for blob in blobs:
        shape = (1,) * (4 - blob.ndim) + blob.shape
        axes = b"".join(field(n, length) for n, length in enumerate(shape, start=1))
        numbers = b"".join(varint(5 << 3 | 5) + struct.pack("<f", v) for v in blob.ravel())
        body += field(6, axes + numbers)
    return field(2, body)


def caffemodel(path, layers, write):
    rest = field(1, b"net") + field(3, b"data") + b"".join(field(4, n) for n in (1, 3, 240, 320))
    path.write_bytes(rest + b"".join(write(name, *blobs) for name, blobs in layers.items()))
    return path


SALNET = [("conv1", 7, 3), ("conv2", 5, 8), ("conv3", 3, 16), ("conv4", 5, 16), ("conv5", 5, 16),
          ("conv6", 7, 8), ("conv7", 11, 4), ("conv8", 11, 1), ("conv9", 13, 1)]


def salnet_layers(rng):
    layers = {name: draw(rng, shape) for name, shape in shapes(SALNET)}
    return {**layers, "deconv1": (rng.standard_normal((1, 1, 8, 8)).astype(np.float32),),
            "loss": ()}


@pytest.mark.parametrize("write", [modern_layer, old_layer])
def test_salnet_computes_what_caffe_does(tmp_path, rng, write):
    layers = salnet_layers(rng)
    path = caffemodel(tmp_path / "deep_net_model.caffemodel", layers, write)
    model = imported("salnet_deep", path, tmp_path)
    for name, *_ in SALNET:
        kernel, bias = layers[name]
        x = rng.standard_normal((14, 15, kernel.shape[1]))
        np.testing.assert_allclose(response(model, name, x), sliding(x, kernel, bias, correlate2d),
                                   atol=1e-4, err_msg=name)
    small, (deconv,) = rng.standard_normal((3, 4)), layers["deconv1"]
    spread = np.zeros((12 + 4, 16 + 4))  # Caffe: each cell adds the kernel, 4 apart, then cut by 2
    for y in range(3):
        for x in range(4):
            spread[4 * y:4 * y + 8, 4 * x:4 * x + 8] += small[y, x] * deconv[0, 0]
    ours = model.get_layer("deconv1")(small[None, ..., None].astype(np.float32))
    np.testing.assert_allclose(ours[0, ..., 0], spread[2:-2, 2:-2], atol=1e-5)
    assert model.about["dataset"] == "salicon" and model.canvas == (240, 320)


def test_opensalicon_has_the_coarse_scale_first(tmp_path, rng):
    layers = {f"{scale}conv{name}": draw(rng, shape) for scale in ("", "sec_")
              for name, shape in shapes(VGG)}
    readout = draw(rng, (1, 32, 1, 1))
    path = caffemodel(tmp_path / "salicon_osie.caffemodel",
                      {**layers, "saliency_map": readout}, modern_layer)
    model = imported("opensalicon", path, tmp_path)
    for prefix, scale in (("fine_", ""), ("coarse_", "sec_")):
        kernel, bias = layers[f"{scale}conv4_2"]
        x = rng.standard_normal((6, 7, 16))
        np.testing.assert_allclose(response(model, f"{prefix}block4_conv2", x),
                                   sliding(x, kernel, bias, correlate2d), atol=1e-5)
    tapped = keras.Model(model.input, [model.get_layer(name).output for name in (
        "fine_block5_pool", "coarse_enlarged", "saliency")])
    image = rng.uniform(0, 255, (1, 128, 192, 3)).astype(np.float32)
    fine, coarse, saliency = (np.asarray(t)[0] for t in tapped(image))
    kernel = readout[0].ravel()
    logit = coarse @ kernel[:16] + fine @ kernel[16:] + readout[1]
    np.testing.assert_allclose(saliency[..., 0], 1 / (1 + np.exp(-logit)), atol=1e-5)


# ---- JuntingNet ----

def opcode_global(module, name):
    return f"c{module}\n{name}\n".encode()


def opcode_int(number):
    return b"J" + struct.pack("<i", number)


def opcode_text(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def opcode_tuple(*items):
    return b"(" + b"".join(items) + b"t"


def python2_pickle(arrays):
    """What cPickle of Python 2 writes for a list of float32 arrays, strings as bytes."""
    def string(data):
        return b"T" + struct.pack("<i", len(data)) + data

    dtype = (opcode_global("numpy", "dtype") + opcode_tuple(string(b"f4"), opcode_int(0),
                                                            opcode_int(1)) + b"R"
             + opcode_tuple(opcode_int(3), string(b"<"), b"N", b"N", b"N", opcode_int(-1),
                            opcode_int(-1), opcode_int(0)) + b"b")
    items = [opcode_global("numpy.core.multiarray", "_reconstruct")
             + opcode_tuple(opcode_global("numpy", "ndarray"), opcode_tuple(opcode_int(0)),
                            string(b"b")) + b"R"
             + opcode_tuple(opcode_int(1), opcode_tuple(*map(opcode_int, a.shape)), dtype,
                            b"\x89", string(a.tobytes())) + b"b" for a in arrays]
    return b"\x80\x02](" + b"".join(items) + b"e."


def junting_parameters(rng, filters):
    """Kernels and biases as Lasagne has them, at 1/32 of the filters."""
    convolutions = shapes([("", 5, 1), ("", 3, 2), ("", 3, filters)])
    parameters = [draw(rng, shape) for _, shape in convolutions]
    for inputs, outputs in ((filters * 100, 144), (72, 2304)):
        kernel, bias = draw(rng, (outputs, inputs))
        parameters.append((np.ascontiguousarray(kernel.T), bias))
    parameters[3] = (parameters[3][0], parameters[3][1] + 3)  # away from the ReLU before maxout
    return parameters


def junting_map(parameters, image):
    """Lasagne's network: [96, 96, 3] in 0..1 -> [48, 48]."""
    x = image.transpose(2, 0, 1)
    for kernel, bias in parameters[:3]:
        x = np.stack([sum(convolve2d(plane, f, mode="valid") for plane, f in zip(x, filters))
                      for filters in kernel]) + bias[:, None, None]
        x = np.maximum(x, 0)
        x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2).max((2, 4))
    hidden = np.maximum(x.ravel() @ parameters[3][0] + parameters[3][1], 0)
    return (hidden.reshape(72, 2).max(1) @ parameters[4][0] + parameters[4][1]).reshape(48, 48)


def junting_file(path, parameters, how):
    arrays = [array for couple in parameters for array in couple]
    if how == "npz":  # whatever its name
        with open(path, "wb") as file:
            np.savez(file, *arrays)
    elif how == "reversed":  # as an old nolearn lists them
        path.write_bytes(pickle.dumps(arrays[::-1]))
    elif how == "layers":
        path.write_bytes(pickle.dumps({f"layer{n}": list(c) for n, c in enumerate(parameters)}))
    else:
        path.write_bytes(python2_pickle(arrays) if how == "python2"
                         else pickle.dumps(arrays, how))


@pytest.mark.parametrize("filters, how", [(4, "python2"), (2, 2), (4, 4), (4, 5), (2, "npz"),
                                          (4, "reversed"), (4, "layers")])
def test_junting_net_computes_what_lasagne_does(tmp_path, rng, filters, how):
    parameters = junting_parameters(rng, filters)
    junting_file(tmp_path / "net.pickle", parameters, how)
    model = imported("salnet_shallow", tmp_path / "net.pickle", tmp_path)
    image = rng.uniform(0, 255, (96, 96, 3)).astype(np.float32)
    expected = junting_map(parameters, image / 255)
    np.testing.assert_allclose(model(image[None])[0, ::2, ::2, 0], expected, atol=1e-4)
    assert model.about["options"]["filters"] == 32 * filters
    assert model.about["dataset"] == ("isun" if filters == 2 else "salicon")


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: [np.zeros(3), p], lambda p: {"conv1": p}])
def test_code_in_a_pickle_is_refused_and_does_not_run(tmp_path, wrap):
    payload = pickle.dumps(wrap(Payload(tmp_path / "was here")))
    pickle.loads(payload)
    (tmp_path / "was here").rmdir()  # it would have run
    (tmp_path / "evil.pickle").write_bytes(payload)
    with pytest.raises(WeightsError, match=r"evil.pickle: the pickle asks for \w+\.mkdir, which"):
        importing.convert("salnet_shallow", tmp_path / "evil.pickle", tmp_path / "out.h5")
    np.save(tmp_path / "evil.npy", np.array(wrap(Payload(tmp_path / "was here")), object))
    with pytest.raises(WeightsError, match=r"mkdir"):
        importing.convert("vgg16", tmp_path / "evil.npy", tmp_path / "out.h5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["evil.npy", "evil.pickle"]


def test_a_whole_nolearn_network_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "net.pickle").write_bytes(
        b"\x80\x02" + opcode_global("nolearn.lasagne", "NeuralNet") + b")\x81}b.")
    with pytest.raises(WeightsError, match="nolearn.lasagne.NeuralNet, which.*get_all_params"):
        importing.convert("salnet_shallow", tmp_path / "net.pickle", tmp_path / "out.h5")


def test_a_pickle_cannot_change_what_the_next_one_finds():
    before = dict(vars(pickles.Array))
    for name in ("_reconstruct", "scalar"):
        evil = (b"\x80\x02" + opcode_global("numpy.core.multiarray", name)
                + b"N}" + opcode_text("value") + b"Ns\x86b.")
        with pytest.raises(TypeError):
            pickles.read_pickle(evil)
    assert dict(vars(pickles.Array)) == before


# ---- VGG16 ----

def vgg_arrays(rng):
    return {name: draw(rng, shape) for name, shape in shapes(VGG)}


def check_encoder(path, arrays, rng):
    model = ks.build_model("ead", encoder_weights=path, **SMALL)
    for name, (kernel, bias) in arrays.items():
        x = rng.standard_normal((6, 7, kernel.shape[1]))
        np.testing.assert_allclose(
            response(model, f"block{name[0]}_conv{name[2]}", x),
            sliding(x, kernel, bias, correlate2d), atol=1e-5, err_msg=name)


def test_vgg16_npy_becomes_an_encoder(tmp_path, rng):
    arrays = vgg_arrays(rng)
    tree = {f"conv{name}": [kernel.transpose(2, 3, 1, 0), bias]  # some of it Fortran-ordered
            for name, (kernel, bias) in arrays.items()}
    np.save(tmp_path / "vgg16.npy", np.array({**tree, "fc6": [np.ones((2, 2)), np.ones(2)]}))
    done = importing.convert("vgg16", tmp_path / "vgg16.npy", tmp_path / "vgg16.h5", **SMALL)
    assert done.layers == 13 and len(done.sha256) == 64
    check_encoder(tmp_path / "vgg16.h5", arrays, rng)
    about = weights_file.read_attributes(tmp_path / "vgg16.h5")
    assert about["preprocessing"] == "caffe" and about["encoder"] == "vgg16"
    assert "ImageNet" in about["training_data"] and about["source_file"] == "vgg16.npy"
    with pytest.raises(WeightsError, match="does not say which model"):
        ks.load_pretrained(tmp_path / "vgg16.h5")


def test_vgg16_caffemodel_becomes_an_encoder(tmp_path, rng):
    arrays = vgg_arrays(rng)
    path = caffemodel(tmp_path / "vgg.caffemodel",
                      {f"conv{name}": blobs for name, blobs in arrays.items()}, old_layer)
    importing.convert("vgg16", path, tmp_path / "vgg16.h5", **SMALL)
    check_encoder(tmp_path / "vgg16.h5", arrays, rng)


def test_alexnet_keeps_its_groups_apart(tmp_path, rng):
    small, filters, seen = 1 / 16, (6, 16, 24, 24, 16), (3, 3, 16, 12, 12)
    layers = {f"conv{depth}": draw(rng, (count, inputs, size, size))
              for depth, (count, inputs, size) in enumerate(
                  zip(filters, seen, (11, 5, 3, 3, 3)), start=1)}
    done = importing.convert("alexnet", caffemodel(tmp_path / "a.caffemodel", layers, modern_layer),
                             tmp_path / "a.h5", width_multiplier=small)
    model = ks.build_model(
        "deepgaze1", backbone="alexnet", encoder_weights=done.path, width_multiplier=small)
    x = rng.standard_normal((1, 9, 8, 6)).astype(np.float32)
    kernel, bias = layers["conv2"]
    halves = [tf.nn.conv2d(x[..., low:low + 3], kernel[first:first + 8].transpose(2, 3, 1, 0), 1,
                           "SAME") for low, first in ((0, 0), (3, 8))]
    np.testing.assert_allclose(model.get_layer("alexnet_conv2")(x),
                               tf.concat(halves, -1) + bias, atol=1e-5)


def tensor_opcodes(key, array, extra=b""):
    """_rebuild_tensor_v2 of a contiguous tensor at the start of its storage."""
    strides = [int(np.prod(array.shape[n + 1:])) for n in range(array.ndim)]
    storage = opcode_tuple(opcode_text("storage"), opcode_global("torch", "FloatStorage"),
                           opcode_text(key), opcode_text("cpu"), opcode_int(array.size), extra)
    empty = opcode_global("collections", "OrderedDict") + b")R"
    return (opcode_global("torch._utils", "_rebuild_tensor_v2")
            + opcode_tuple(storage + b"Q", opcode_int(0),
                           opcode_tuple(*map(opcode_int, array.shape)),
                           opcode_tuple(*map(opcode_int, strides)), b"\x89", empty) + b"R")


def torch_file(path, arrays, legacy=False):
    """A state_dict {name: array} as torch.save writes it."""
    keys = {name: str(n) for n, name in enumerate(arrays)}
    state = (b"\x80\x02" + opcode_global("collections", "OrderedDict") + b")R("
             + b"".join(opcode_text(name) + tensor_opcodes(keys[name], a, b"N" if legacy else b"")
                        for name, a in arrays.items())
             + b"u}" + opcode_text("_metadata") + opcode_global("collections", "OrderedDict")
             + b")Rsb.")
    if legacy:
        head = [pickle.dumps(v, 2) for v in (0x1950a86a20f9469cfc6c, 1001, {"little_endian": True})]
        tail = [struct.pack("<q", a.size) + a.tobytes() for a in arrays.values()]
        path.write_bytes(b"".join([*head, state, pickle.dumps(list(keys.values()), 2), *tail]))
        return path
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vgg16/data.pkl", state)
        for name, array in arrays.items():
            archive.writestr(f"vgg16/data/{keys[name]}", array.tobytes())
        archive.writestr("vgg16/version", "3\n")
    return path


TORCH_NUMBERS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)


def torch_state(arrays):
    return {f"features.{number}.{what}": array
            for number, couple in zip(TORCH_NUMBERS, arrays.values())
            for what, array in zip(("weight", "bias"), couple)}


@pytest.mark.parametrize("legacy", [False, True])
def test_torchvision_sees_its_own_range(tmp_path, rng, legacy):
    arrays = vgg_arrays(rng)
    path = torch_file(tmp_path / "vgg16.pth", torch_state(arrays), legacy)
    importing.convert("vgg16", path, tmp_path / "vgg16.h5", **SMALL)
    check_encoder(tmp_path / "vgg16.h5", {n: a for n, a in arrays.items() if n != "1_1"}, rng)
    rgb = rng.uniform(0, 255, (8, 9, 3)).astype(np.float32)
    normalised = (rgb / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    expected = sliding(normalised, *arrays["1_1"], correlate2d)
    model = ks.build_model("ead", encoder_weights=tmp_path / "vgg16.h5", **SMALL)
    prepared = model.get_layer("preprocess")(rgb[None])[0].numpy()
    found = response(model, "block1_conv1", prepared).numpy()
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-5)
    assert 1e-4 < np.abs(found - expected).max() < 0.1  # the ring, where zeros mean other colours
    assert "folded" in weights_file.read_attributes(tmp_path / "vgg16.h5")["note"]


def test_a_tensor_beyond_its_storage_is_refused(tmp_path, rng):
    state = torch_state(vgg_arrays(rng))
    path = torch_file(tmp_path / "vgg16.pth", state)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["vgg16/data/0"] = members["vgg16/data/0"][:-4]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(WeightsError, match=r"vgg16.pth: .* beyond its storage of 53 numbers"):
        importing.convert("vgg16", path, tmp_path / "out.h5", **SMALL)


# ---- what does not fit, and what cannot be read ----

def test_the_first_mismatch_is_named(kroner, tmp_path, rng):
    folder, *_ = kroner
    with pytest.raises(WeightsError, match=(
            r"model_cat2000_cpu.pb: conv1/conv1_1/kernel has shape \(3, 3, 3, 2\), msi_net needs "
            r"\(3, 3, 3, 64\) for block1_conv1/kernel")):
        importing.convert("msi_net", folder / "model_cat2000_cpu.pb", tmp_path / "out.h5")
    parameters = salgan_file(tmp_path / "gen.npz", rng)
    parameters[30] = np.zeros((16, 16, 5, 5), np.float32)
    np.savez(tmp_path / "gen.npz", *parameters)
    with pytest.raises(WeightsError, match=(
            r"gen.npz: arr_30 has shape \(16, 16, 5, 5\), salgan needs \(16, 16, 3, 3\) for "
            "uconv5_1/kernel")):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", **SMALL)
    np.savez(tmp_path / "gen.npz", *parameters[:-2])
    with pytest.raises(WeightsError, match="gen.npz: it has 52 arrays, SalGAN's generator 54"):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", **SMALL)
    layers = {**salnet_layers(rng)}
    del layers["conv4"]
    path = caffemodel(tmp_path / "deep.caffemodel", layers, modern_layer)
    with pytest.raises(WeightsError, match="deep.caffemodel has no 'conv4/0', which salnet_deep "
                                           "needs for conv4/kernel; it has conv1/0, conv1/1"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)
    layers = {**salnet_layers(rng)}
    layers["conv2"][0][0, 0, 0, 0] = np.nan
    path = caffemodel(tmp_path / "deep.caffemodel", layers, modern_layer)
    with pytest.raises(WeightsError, match="conv2/0 has values that are not finite"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)
    junting_file(tmp_path / "net.pickle", junting_parameters(rng, 4)[:4], 2)
    with pytest.raises(WeightsError, match="net.pickle: it has 8 arrays, JuntingNet 10"):
        importing.convert("salnet_shallow", tmp_path / "net.pickle", tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize("file, content, message", [
    ("none.npz", None, "no file .*none.npz"),
    ("empty.npz", b"", "empty.npz is empty"),
    ("page.npz", b"<!DOCTYPE html>", "page.npz is a web page"),
    ("pointer.npz", b"version https://git-lfs.github.com/spec/v1", "pointer of Git LFS"),
    ("ours.npz", b"\x89HDF\r\n\x1a\n", "is HDF5 already"),
    ("what.bin", b"1234", "unknown kind of file; known are .caffemodel, .pb"),
    ("other.caffemodel", b"\x00\x01", "other.caffemodel is a Caffe model; salgan is read from a"),
    ("cut.npz", b"PK\x03\x04", "cut.npz is not a readable .npz archive .BadZipFile"),
    ("text.npz", b"some text", "text.npz is not a readable .npz archive"),
])
def test_wrong_files_are_named(tmp_path, file, content, message):
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        importing.convert("salgan", tmp_path / file, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_unknown_models_options_and_folders_are_named(tmp_path, rng):
    with pytest.raises(WeightsError,
                       match="no converter for 'deepgaze'; there are alexnet, msi_net"):
        importing.convert("deepgaze", tmp_path / "x.npz", tmp_path / "out.h5")
    salgan_file(tmp_path / "gen.npz", rng)
    with pytest.raises(ValueError, match="salgan has no option 'width'"):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", width=2)
    with pytest.raises(WeightsError, match="is a folder without saved_model.pb"):
        importing.convert("msi_net", tmp_path, tmp_path / "out.h5")


def originals(rng, folder):
    """(model, small intact file) of each kind that is one file."""
    layers = salnet_layers(rng)
    arrays = vgg_arrays(rng)
    junting_file(folder / "net.pickle", junting_parameters(rng, 4), 2)
    salgan_file(folder / "gen.npz", rng)
    np.save(folder / "vgg16.npy", np.array(
        {f"conv{n}": [k.transpose(2, 3, 1, 0), b] for n, (k, b) in arrays.items()}))
    modern = caffemodel(folder / "d.caffemodel", layers, modern_layer)
    return {"caffemodel": ("salnet_deep", modern),
            "old caffemodel": ("vgg16", caffemodel(folder / "v.caffemodel", {
                f"conv{name}": blobs for name, blobs in arrays.items()}, old_layer)),
            "pickle": ("salnet_shallow", folder / "net.pickle"),
            "npz": ("salgan", folder / "gen.npz"), "npy": ("vgg16", folder / "vgg16.npy"),
            "pth": ("vgg16", torch_file(folder / "vgg16.pth", torch_state(arrays))),
            "old pth": ("vgg16", torch_file(folder / "old.pth", torch_state(arrays), True))}


def damaged(data, rng):
    """Cut short, or some bytes changed: anywhere, or near the start where the structure is."""
    if rng.random() < 0.3:
        return data[:rng.integers(1, len(data))]
    changed = bytearray(data)
    end = len(data) if rng.random() < 0.5 else min(len(data), 400)
    for position in rng.integers(0, end, rng.integers(1, 6)):
        changed[position] = rng.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("kind", ["caffemodel", "old caffemodel", "pickle", "npz", "npy", "pth",
                                  "old pth", "pb"])
def test_damaged_files_give_one_kind_of_error(kroner, tmp_path, rng, monkeypatch, kind):
    name, source = (("msi_net", kroner[0] / "model_cat2000_cpu.pb") if kind == "pb"
                    else originals(rng, tmp_path)[kind])
    model = (importing.vgg16.build(**SMALL) if name == "vgg16" else ks.build_model(name, **SMALL))
    monkeypatch.setattr(importing, "build_model", lambda *_, **__: model)
    monkeypatch.setattr(importing.vgg16, "build", lambda **_: model)
    data, refused = source.read_bytes(), 0
    broken = tmp_path / f"broken{source.suffix}"
    importing.convert(name, source, tmp_path / "out.h5", **SMALL)
    for _ in range(100):
        broken.write_bytes(damaged(data, rng))
        try:
            importing.convert(name, broken, tmp_path / "out.h5", **SMALL)
        except WeightsError as error:
            refused += 1
            assert "broken" in str(error) and len(str(error)) < 1200
    assert refused > 30


def test_random_bytes_are_no_weights(tmp_path, rng):
    for ending in formats.ENDINGS:
        for _ in range(20):
            path = tmp_path / f"noise{ending}"
            path.write_bytes(rng.bytes(rng.integers(1, 300)))
            with pytest.raises(WeightsError, match="noise"):
                formats.read(path, formats.detect(path))


# ---- the script ----

def script(*arguments):
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / "import_weights.py"), *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_the_script_converts_and_says_what(tmp_path, rng):
    salgan_file(tmp_path / "gen.npz", rng)
    code, out, err = script("salgan", tmp_path / "gen.npz", "--out", tmp_path / "salgan.h5",
                            "--float16", "--option", f"width_multiplier={WIDTH}")
    assert code == 0, err
    assert "salgan.h5: 27 layers, " in out and "from a .npz archive (sha256" in out
    assert ks.load_pretrained(tmp_path / "salgan.h5").name == "salgan"
    code, out, _ = script("--help")
    assert code == 0 and "python scripts/import_weights.py salgan gen_modelWeights0090.npz" in out
