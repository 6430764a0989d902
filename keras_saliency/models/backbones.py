"""Encoders that can be pretrained: functions that give every layer's output by name."""
from typing import Sequence

import tensorflow as tf
from keras import layers

from keras_saliency.models.dilated import conv2d, scaled
from keras_saliency.models.layers import CeilMaxPooling, GroupedConv2D, LocalResponseNormalization

VGG16_CITATION = ("Simonyan and Zisserman (2015), Very deep convolutional networks for "
                  "large-scale image recognition")
# (number of 3x3 convolutions, filters) of each block: column D of the paper.
VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def vgg16(inputs: tf.Tensor, pool_strides: Sequence = (2, 2, 2, 2, 2),
          dilation_rates: Sequence = (1, 1, 1, 1, 1), width_multiplier: float = 1.0,
          prefix: str = "", relu_layers: bool = False) -> dict:
    """Apply the convolutions of VGG16, under Keras' own layer names; return {layer name without
    prefix: symbolic tensor}, in order.

    Args:
        inputs: symbolic float32 [B, H, W, 3], in the encoder's colour order and range.
        pool_strides: for each block 2 (halve, "valid") or 1 (max over 2x2, size kept, "same").
        dilation_rates: of each block's convolutions.
        prefix: start of all layer names, for a model with more than one encoder.
        relu_layers: True to give each rectification a layer of its own, `block1_relu1` ...;
            `block1_conv1` ... are then the responses before it.
    """
    x, taps = inputs, {}
    for block, ((convolutions, filters), stride, dilation) in enumerate(
            zip(VGG16_BLOCKS, pool_strides, dilation_rates), start=1):
        filters = scaled(filters, width_multiplier)
        for conv in range(1, convolutions + 1):
            name = f"block{block}_conv{conv}"
            x = taps[name] = conv2d(filters, 3, dilation, name=prefix + name,
                                    activation=None if relu_layers else "relu")(x)
            if relu_layers:
                name = f"block{block}_relu{conv}"
                x = taps[name] = layers.Activation("relu", name=prefix + name)(x)
        name, padding = f"block{block}_pool", "valid" if stride == 2 else "same"
        x = taps[name] = layers.MaxPooling2D(2, stride, padding, name=prefix + name)(x)
    return taps


# (filters, kernel, stride, groups, pooled, normalized) of each convolution; as in Caffe's reference
# network, the pool comes before the normalization.
ALEXNET = ((96, 11, 4, 1, True, True), (256, 5, 1, 2, True, True), (384, 3, 1, 1, False, False),
           (384, 3, 1, 2, False, False), (256, 3, 1, 2, True, False))


def alexnet(inputs: tf.Tensor, width_multiplier: float = 1.0) -> dict:
    """Apply the convolutions of AlexNet (Krizhevsky et al. 2012), in the form of Caffe's reference
    network, to images of any size.

    The first convolution is padded with zeros to "full" (Kuemmerer et al. 2015, section 1.1). On a
    picture of 16 n pixels, `alexnet_pool2` to `alexnet_relu5` then have n cells, and cell i is
    centered on (i + 0.5) * 16 within a pixel; "same" would shift the centers by 6 pixels. Layers
    before `alexnet_pool1` have 3 extra cells that see the padding; those from there to
    `alexnet_relu2` have one.

    `inputs` is symbolic float32 [B, H, W, 3] after preprocessing "alexnet". Return {layer name:
    symbolic tensor}, in order: `alexnet_conv1` (before the rectification), `alexnet_relu1`,
    `alexnet_pool1`, `alexnet_norm1` ... `alexnet_pool5`.
    """
    x, taps = inputs, {}
    for depth, (filters, kernel, stride, groups, pooled, normalized) in enumerate(ALEXNET, start=1):
        filters = 2 * scaled(filters, width_multiplier / 2)
        name = f"alexnet_conv{depth}"
        if depth == 1:
            x = layers.ZeroPadding2D(kernel - 1, name="alexnet_padding")(x)
            conv = layers.Conv2D(filters, kernel, strides=stride, name=name)
        elif groups == 1:
            conv = layers.Conv2D(filters, kernel, padding="same", name=name)
        else:
            conv = GroupedConv2D(filters, kernel, groups, name=name)
        chain = [conv, layers.Activation("relu", name=f"alexnet_relu{depth}")]
        if pooled:
            chain.append(CeilMaxPooling(3, 2, name=f"alexnet_pool{depth}"))
        if normalized:
            chain.append(LocalResponseNormalization(name=f"alexnet_norm{depth}"))
        for layer in chain:
            x = taps[layer.name] = layer(x)
    return taps
