"""SalNet from `deep_net_model.caffemodel`; layers as in the authors' deploy.prototxt
(imatge-upc/saliency-2016-cvpr), whose names are ours. Caffe correlates, as TensorFlow does."""
from keras_saliency.models.importing.entries import CHANNELS_FIRST, Entry, pairs
from keras_saliency.models.salnet_deep import CONVOLUTIONS

FORMATS = ("caffemodel",)
CITATION = ("Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor (2016), Shallow and deep "
            "convolutional networks for saliency prediction, CVPR")
SOURCE = "https://github.com/imatge-upc/saliency-2016-cvpr"


def entries(arrays: dict, kind: str) -> list:
    """By name."""
    convolutions = [entry for n in range(1, len(CONVOLUTIONS) + 1)
                    for entry in pairs(f"conv{n}", f"conv{n}/0", f"conv{n}/1", CHANNELS_FIRST)]
    return [*convolutions, Entry("deconv1", "kernel", "deconv1/0", CHANNELS_FIRST)]


def about(path, kind: str, options: dict) -> dict:
    """Attributes of the weights file."""
    return {"preprocessing": "salnet", "canvas": (240, 320), "dataset": "salicon",
            "source": SOURCE, "licence": "MIT", "citation": CITATION}
