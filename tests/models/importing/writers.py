"""The authors' files with 1/32 of their filters, and the results of their frameworks."""
import struct

import numpy as np
import tensorflow as tf
from scipy.signal import convolve2d

import keras_saliency as ks
from keras_saliency.models import importing

WIDTH = 1 / 32
SMALL = {"width_multiplier": WIDTH}
COUNTS = {1: (2, 2), 2: (2, 4), 3: (3, 8), 4: (3, 16), 5: (3, 16)}  # convolutions, filters
VGG = [(f"{block}_{n}", 3, filters) for block, (count, filters) in COUNTS.items()
       for n in range(1, count + 1)]


def shapes(layers, inputs=3):
    """Return [(name, (out, in, h, w))] of consecutive convolutions from (name, size, filters)."""
    found = []
    for name, size, filters in layers:
        found.append((name, (filters, inputs, size, size)))
        inputs = filters
    return found


def draw(rng, shape):
    """Draw (kernel, bias) in float32; He's scale keeps deep stacks alive."""
    scale = np.sqrt(2 / np.prod(shape[1:]))
    return ((rng.standard_normal(shape) * scale).astype(np.float32),
            (rng.standard_normal(shape[0]) * 0.1).astype(np.float32))


def imported(name, source, tmp_path, **options):
    """Convert `source` and load the model from the HDF5 file."""
    importing.convert(name, source, tmp_path / "out.h5", **{**SMALL, **options})
    return ks.load_pretrained(tmp_path / "out.h5")


def response(model, layer, x):
    """Return a layer's convolution of x [H, W, C] before its activation, [H, W, out]."""
    layer = model.get_layer(layer)
    kernel, bias = (tf.convert_to_tensor(w) for w in layer.get_weights())
    rate = layer.dilation_rate
    return tf.nn.conv2d(x[None].astype(np.float32), kernel, 1, "SAME", dilations=rate)[0] + bias


def sliding(x, kernel, bias, slide):
    """The same by scipy: kernel [out, in, h, w], `slide` convolve2d or correlate2d."""
    return np.stack([sum(slide(x[..., i], filters[i], mode="same") for i in range(x.shape[-1]))
                     for filters in kernel], -1) + bias


# ---- MSI-Net: the authors' graph in TensorFlow 1, under their names ----

def authors_msi_net(image, rng):
    """Build the graph of alexanderkroner/saliency with 1/32 of its filters and its names."""
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


# ---- SalGAN ----

DECODER = [("uconv5_3", 3, 16), ("uconv5_2", 3, 16), ("uconv5_1", 3, 16), ("uconv4_3", 3, 16),
           ("uconv4_2", 3, 16), ("uconv4_1", 3, 16), ("uconv3_3", 3, 8), ("uconv3_2", 3, 8),
           ("uconv3_1", 3, 8), ("uconv2_2", 3, 4), ("uconv2_1", 3, 4), ("uconv1_2", 3, 2),
           ("uconv1_1", 3, 2), ("output", 1, 1)]


def salgan_file(path, rng):
    parameters = [array for _, shape in shapes(VGG + DECODER) for array in draw(rng, shape)]
    np.savez(path, *parameters)
    return parameters


# ---- Caffe ----

def varint(number):
    low, number = number & 127, number >> 7
    return bytes([low | 128]) + varint(number) if number else bytes([low])


def field(number, value):
    """Encode a field of a protocol buffer: bytes with their length, whole numbers as varints."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def modern_layer(name, *blobs):
    """Encode a LayerParameter with packed BlobProtos that have a BlobShape."""
    body = field(1, name.encode()) + field(2, b"Convolution")
    for blob in blobs:
        dims = field(1, b"".join(varint(n) for n in blob.shape))
        body += field(7, field(7, dims) + field(5, blob.astype("<f4").tobytes()))
    return field(100, body)


def old_layer(name, *blobs):
    """Encode a V1LayerParameter: num, channels, height, width, and a field for each number."""
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


# ---- JuntingNet ----

def junting_parameters(rng, filters):
    """Draw kernels and biases in Lasagne's layout, with 1/32 of the filters."""
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


def junting_file(path, parameters, backwards=False):
    arrays = [array for couple in parameters for array in couple]
    np.savez(path, *arrays[::-1 if backwards else 1])


# ---- VGG16 ----

def vgg_arrays(rng):
    return {name: draw(rng, shape) for name, shape in shapes(VGG)}
