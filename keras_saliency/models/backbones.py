"""Pretrained encoders as functional graphs with taps by layer name."""
from keras import layers

# (number of 3x3 convolutions, filters) of each block: Simonyan and Zisserman (2015), column D.
VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def vgg16(inputs, pool_strides=(2, 2, 2, 2, 2), dilation_rates=(1, 1, 1, 1, 1),
          width_multiplier=1.0, prefix=""):
    """The convolutions of VGG16 on preprocessed images; Keras' own layer names.

    Args:
        inputs: symbolic float32 [B, H, W, 3], already in the encoder's colour order and range.
        pool_strides: for each block 2 (halve, "valid"), 1 (max over 2x2, size kept, "same") or
            None (no pool).
        dilation_rates: for each block the dilation of its convolutions.
        width_multiplier: factor on the number of filters; 1.0 is VGG16, small values serve tests.
        prefix: of all layer names, where a model has more than one.

    Returns:
        dict: layer name without prefix -> symbolic tensor, from `block1_conv1` to the last layer, in order.
    """
    x = inputs
    taps = {}
    for block, ((convolutions, filters), stride, dilation) in enumerate(
            zip(VGG16_BLOCKS, pool_strides, dilation_rates), start=1):
        for conv in range(1, convolutions + 1):
            name = f"block{block}_conv{conv}"
            x = taps[name] = layers.Conv2D(
                max(1, round(filters * width_multiplier)), 3, padding="same", activation="relu",
                dilation_rate=dilation, name=prefix + name)(x)
        if stride is not None:
            name = f"block{block}_pool"
            x = taps[name] = layers.MaxPooling2D(
                2, strides=stride, padding="valid" if stride == 2 else "same",
                name=prefix + name)(x)
    return taps
