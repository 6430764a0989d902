"""JuntingNet, the shallow network: Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor, "Shallow and
deep convolutional networks for saliency prediction" (CVPR 2016), section 3.

Input: RGB float32 0..255 [B, 96, 96, 3]. Output: saliency_map float32 [B, 96, 96, 1], linear,
trained towards densities of peak 1. Parameters: 64,392,512 with 128 filters in the third
convolution (SALICON), 34,864,384 with 64 (iSUN).

Departures: the authors' map of 48x48 is enlarged bilinearly to the canvas inside the network, so
that it is trained and scored like the others. The paper calls a norm constraint on the maxout layer
essential without giving its value, and the published script has none: `max_norm` is the value of
Goodfellow et al. (2013). Weights start from N(0, 0.01) and biases at 0.1, as in the paper; the
script uses Lasagne's defaults. The finish is the paper's: resize, then blur with a Gaussian of
2 pixels; the scripts blur the 48x48 map by 3 first, or not at all. The training, and where the
script differs, is described in configs/salnet_shallow_salicon.yaml and salnet_shallow_isun.yaml.
"""
import keras
import numpy as np
from keras import layers

from keras_saliency import addons, maps
from keras_saliency.files import require
from keras_saliency.maps.finish import Finish
from keras_saliency.models.dilated import scaled
from keras_saliency.models.layers import BilinearUpsample, CeilMaxPooling, Preprocess
from keras_saliency.models.spec import ModelSpec

CANVAS, MAP = 96, 48
MAX_NORM = 1.9365  # Goodfellow et al. (2013), maxout units of their network for MNIST
GAUSSIAN = np.exp(-0.5 * (np.arange(-8, 9) / 2.0) ** 2)  # 2 pixels; `blur` normalises it


def salnet_shallow(input_shape: tuple = (CANVAS, CANVAS, 3), filters: int = 128,
                   max_norm: float = MAX_NORM, width_multiplier: float = 1.0) -> keras.Model:
    """Build JuntingNet without weights, with layers `conv1` ... `conv3`, `dense1`, `dense2`.

    Args:
        input_shape: (96, 96, 3); the dense layers allow no other size.
        filters: of the third convolution, 128 or 64.
        max_norm: limit in training on the norm of the weights into a unit before the maxout; 0 for
            no limit. width_multiplier: factor on the numbers of hidden units too.
    """
    require(tuple(input_shape[:2]) in ((CANVAS, CANVAS), (None, None)), "salnet_shallow takes "
            f"pictures of {CANVAS}x{CANVAS}, not {input_shape[0]}x{input_shape[1]}")

    def start():
        """Return new initializers: one instance draws the same numbers for every layer."""
        return {"kernel_initializer": keras.initializers.RandomNormal(stddev=0.01),
                "bias_initializer": keras.initializers.Constant(0.1)}

    image = keras.Input((CANVAS, CANVAS, 3), name="image")
    x = Preprocess("unit", name="preprocess")(image)
    for number, (count, size) in enumerate(((32, 5), (64, 3), (filters, 3)), start=1):
        x = layers.Conv2D(scaled(count, width_multiplier), size, activation="relu",
                          name=f"conv{number}", **start())(x)
        x = CeilMaxPooling(2, 2, name=f"pool{number}")(x)
    x = layers.Permute((3, 1, 2), name="channels_first")(x)  # the order of the authors' weights
    x = layers.Flatten(name="flatten")(x)
    # the authors' code has a ReLU before the maxout, Lasagne's default
    hidden = scaled(2304, width_multiplier)
    x = layers.Dense(2 * hidden, activation="relu", name="dense1", kernel_constraint=(
        keras.constraints.MaxNorm(max_norm, axis=0) if max_norm else None), **start())(x)
    x = addons.Maxout(hidden, name="maxout")(x)
    x = layers.Dense(MAP * MAP, name="dense2", **start())(x)
    x = layers.Reshape((MAP, MAP, 1), name="map")(x)
    saliency = BilinearUpsample(CANVAS // MAP, name="saliency")(x)
    return keras.Model(image, saliency, name="salnet_shallow")


SPEC = ModelSpec(
    salnet_shallow, canvas=(CANVAS, CANVAS), fit=maps.STRETCH,
    finish=Finish(blur=tuple(GAUSSIAN.tolist())),
    citation="Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor (2016), Shallow and deep "
             "convolutional networks for saliency prediction, CVPR",
    published="244.6 MiB of parameters, 2.3 of outputs (total at test time less parameters; the "
              "table also prints 229)")
