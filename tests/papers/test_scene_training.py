"""Scene classification beside saliency: data, weights, training, attention."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.maps import to_canvas
from keras_saliency.models import weights_file
from keras_saliency.training import features
from keras_saliency.units import unit_study
from papers.shared import scene_training as scenes

SMALL = dict(dense=(12, 8), width_multiplier=0.03)


@pytest.fixture
def folder(planted, tmp_path):
    """The planted stimuli in two scenes, bright and dark, and one with a single image."""
    for index, (name, stimulus) in enumerate(zip(planted.names, planted.stimuli)):
        image = cv2.imdecode(np.frombuffer(stimulus, np.uint8), -1)
        scene = ("bright", "dark")[index % 3 > 0] if index < 11 else "lonely"
        (tmp_path / scene).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / scene / f"{name}.png"),
                    image if scene == "bright" else image // 4)
    return tmp_path


def test_scenes_are_folders(folder):
    data = scenes.read_scenes(folder, least=2)
    assert data.names == ["bright", "dark"] and np.bincount(data.labels).tolist() == [4, 7]
    with pytest.raises(DatasetError, match=r"1 scenes with at least 5.*bright \(4\), dark \(7\)"):
        scenes.read_scenes(folder, least=5)
    with pytest.raises(ValueError, match="at least 2 images"):
        scenes.read_scenes(folder, least=1)
    with pytest.raises(DatasetError, match="no folder"):
        scenes.read_scenes(folder / "none")


def test_scenes_of_fewer_than_50_images_are_left_out_as_in_the_paper(tmp_path):
    for scene, count in (("kitchen", 50), ("street", 51), ("beach", 49)):
        (tmp_path / scene).mkdir()
        for index in range(count):
            cv2.imwrite(str(tmp_path / scene / f"{index}.png"), np.zeros((2, 2, 3), np.uint8))
    assert scenes.read_scenes(tmp_path).names == ["kitchen", "street"]
    assert scenes.read_scenes(tmp_path, least=49).names == ["beach", "kitchen", "street"]
    with pytest.raises(DatasetError, match="1 scenes with at least 51 images.*--least-images"):
        scenes.read_scenes(tmp_path, least=51)


def test_every_scene_counts_alike():
    labels = np.array([0] * 6 + [1] * 2 + [2] * 4)
    weights = scenes.class_weights(labels, 3)
    np.testing.assert_allclose(weights * np.bincount(labels), 4.0)
    training, validation = scenes.split_scenes(labels)
    assert sorted([*training, *validation]) == list(range(12))
    assert all(1 <= (labels[part] == scene).sum() for part in (training, validation)
               for scene in range(3))


def test_last_layers_are_finetuned():
    model = scenes.scene_classifier(3, **SMALL)
    assert model.output_shape == (None, 3)
    frozen = features.finetune_last(model, 2)
    assert len(frozen) == 11 and frozen[-1] == "block5_conv1"
    assert model.get_layer("block5_conv2").trainable and model.get_layer("dense1").trainable
    assert not model.get_layer("block5_conv1").trainable
    assert features.finetune_last(scenes.scene_classifier(3, **SMALL), "all") == []
    with pytest.raises(ValueError, match="0 to 13 or all, not 14"):
        features.finetune_last(model, 14)


@pytest.mark.slow
def test_the_classifier_learns_and_its_attention_is_scored(folder, planted, tmp_path):
    out = tmp_path / "out"
    result = scenes.run(folder, planted, out, least_images=2, log=lambda line: None,
                        encoder_weights=None, epochs=30, batch=4, learning_rate=3e-3, **SMALL)
    rows = np.genfromtxt(out / "scenes.csv", delimiter=",", names=True)
    assert rows["loss"][-1] < rows["loss"][0] and rows["accuracy"][-1] > 0.9
    assert sum(result["images"]) == 2 and 0 <= result["accuracy"] <= 1
    attributes = weights_file.read_attributes(out / "scene_encoder.h5")
    assert attributes["encoder"] == "vgg16" and attributes["scenes"] == ["bright", "dark"]
    # its encoder goes into the model that is looked into, whose output then means nothing
    config = configs.from_dict({"model": {"name": "ead", "options": {"width_multiplier": 0.03}}})
    loaded = unit_study.load_models([str(out / "scene_encoder.h5")], config.model)["scene_encoder"]
    np.testing.assert_array_equal(
        loaded.get_layer("block5_conv3").get_weights()[0],
        weights_file.read(out / "scene_encoder.h5")["block5_conv3"]["kernel"])
    assert unit_study.is_encoder(str(out / "scene_encoder.h5"))
    assert not unit_study.is_encoder("ead") and unit_study.is_encoder("imagenet")


def test_images_of_another_set_are_an_error(folder, planted):
    data = scenes.read_scenes(folder, least=2)
    model = scenes.scene_classifier(2, **SMALL)
    scored = scenes.attention_by_outcome(model, data, range(11), planted)
    assert sum(scored["images"]) == 11
    # the attention is the mean of the units: one image by hand
    one = scenes.attention_by_outcome(model, data, [3], planted)
    index = planted.names.index(data.stimuli[3].stem)
    image = ks.prediction.read_picture(data.stimuli[3])
    canvas = to_canvas(image, (224, 224))[None]
    from keras_saliency.units import activations
    maps = next(iter(activations(model, ["block5_conv3"], [canvas])))["block5_conv3"].numpy()[0]
    large = cv2.resize(maps.mean(-1), (96, 96))  # 64x96 lies in the middle of a square
    expected = ks.metrics.nss(large[16:80], planted.fixations.fixation_map(index))
    assert (one["correct"] if one["images"][0] else one["wrong"]) == pytest.approx(
        expected, abs=0.02)
    other = planted.select(range(2))
    with pytest.raises(DatasetError, match="none of the images is a stimulus of planted"):
        scenes.attention_by_outcome(model, data, [5, 6], other)
