"""VGG16's 13 convolutions trained on ImageNet and Places365, for `encoder_weights`.

What the authors of MSI-Net start from: their TensorFlow checkpoint `vgg16_hybrid.ckpt`, or the
Caffe model `vgg16_hybrid1365` of the authors of Places365. No pickle is involved.

MSI-Net's authors feed their checkpoint RGB minus (103.939, 116.779, 123.68), our "msi_net". The
Caffe model takes BGR, our "caffe", though minus the mean of Places365, which its page does not
give in numbers.
"""
from keras_saliency.models.importing import vgg16
from keras_saliency.models.importing.entries import pairs

FORMATS = ("checkpoint", "caffemodel")
REMEDY = ("Give vgg16_hybrid.ckpt.index, with its .data file beside it, which the code of "
          "alexanderkroner/saliency downloads when a training starts; or "
          "vgg16_hybrid1365.caffemodel of CSAILVision/places365")
build = vgg16.build


def entries(arrays: dict, kind: str) -> list:
    """By name: `conv1_1/weights`, `conv1_1/biases`, kernels [h, w, in, out], in the checkpoint."""
    if kind == "caffemodel":
        return vgg16.entries(arrays, kind)
    return [entry for ours, theirs in vgg16.convolutions()
            for entry in pairs(ours, f"{theirs}/weights", f"{theirs}/biases")]


def about(path, kind: str, options: dict) -> dict:
    """Attributes of the encoder's file."""
    caffe = kind == "caffemodel"
    return {"encoder": "vgg16", "preprocessing": "caffe" if caffe else "msi_net",
            "training_data": "ImageNet (ILSVRC-2012) and Places365",
            "source": "https://github.com/" + (
                "CSAILVision/places365" if caffe else "alexanderkroner/saliency"),
            "licence": "CC BY (Places365-CNNs)",
            "citation": "Zhou, Lapedriza, Khosla, Oliva and Torralba (2017), Places: a 10 million "
                        "image database for scene recognition, IEEE TPAMI"}
