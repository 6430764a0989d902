"""One photograph in all eight EXIF orientations: the same map through every door."""
import csv
import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.areas.files import read_areas
from keras_saliency.areas.study import share_rows, study_areas
from keras_saliency.datasets import folder, load_dataset, loading, pipeline
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.files.orientation import turn, turn_back
from keras_saliency.maps import DENSITY
from keras_saliency.prediction import read_picture
from keras_saliency.prediction.prediction_files import predict_all

TAGS = range(1, 9)
SIZE = (60, 96)  # upright
POINTS = [(20, 8), (25, 12), (80, 50), (84, 47), (90, 55)]
rng = np.random.default_rng(3)
UPRIGHT = cv2.resize(rng.integers(0, 256, (5, 8, 3), np.uint8), SIZE[::-1])


def photograph(tag, kind="PNG") -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = tag
    Image.fromarray(turn_back(UPRIGHT, tag)).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.fixture(scope="module")
def model():
    model = ks.build_model("msi_net", width_multiplier=0.05)
    return ks.facts(model, canvas=(48, 64))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The eight files with the same fixations of the upright picture."""
    root = tmp_path_factory.mktemp("turned")
    (root / "stimuli").mkdir()
    rows = ["stimulus,observer,x,y"]
    for tag in TAGS:
        (root / "stimuli" / f"{tag}.png").write_bytes(photograph(tag))
        rows += [f"{tag},a,{x},{y}" for x, y in POINTS]
    (root / "fixations.csv").write_text("\n".join(rows))
    return root


@pytest.fixture(scope="module")
def expected(model):
    return ks.predict(model, UPRIGHT)


def test_predicted_files(root, model, expected, tmp_path):
    assert not predict_all(lambda image: ks.predict(model, image), [root / "stimuli"], tmp_path,
                           raw=True)
    for tag in TAGS:
        np.testing.assert_array_equal(np.load(tmp_path / f"{tag}.npy"), expected)


def test_stimuli_of_a_folder(root):
    dataset = folder.load(root)
    assert dataset.sizes.tolist() == [list(SIZE)] * 8
    assert [len(dataset.fixations.of(i)) for i in range(8)] == [len(POINTS)] * 8
    load = pipeline.stimulus_loader(dataset)
    for index in range(8):
        np.testing.assert_array_equal(load(index), UPRIGHT)
    for image, density in pipeline.canvas_stream(
            dataset, pipeline.CanvasSpec((60, 96), 4.0, (DENSITY,)), 8):
        np.testing.assert_array_equal(image, [UPRIGHT] * 8)
        np.testing.assert_array_equal(density, [density[0]] * 8)


def test_evaluated_scores(root, model, expected, tmp_path):
    counts = np.zeros(SIZE)
    for x, y in POINTS:
        counts[y, x] = 1
    config = configs.load(None, ["data.name=folder", f"data.root={root}", "data.sigma_pixels=5",
                                 "evaluation.metrics=[nss]"])
    assert score(config, of_predictor(ks.predictor(model)), "all", tmp_path / "scores.csv") == 0
    with open(tmp_path / "scores.csv", newline="") as file:
        found = [float(row["nss"]) for row in csv.DictReader(file)]
    assert found == pytest.approx([ks.metrics.nss(expected, counts)] * 8, abs=1e-3)


def test_areas(root, model, expected, tmp_path):
    (tmp_path / "areas.csv").write_text(
        "area,left,top,right,bottom\nlow,40,40,96,60\nwide,0,0,96,30\n")
    pictures = sorted((root / "stimuli").iterdir())
    studies = list(study_areas(lambda image: ks.predict(model, image), pictures,
                               read_areas(tmp_path / "areas.csv"), root / "fixations.csv"))
    share = {"low": expected[40:, 40:].sum() / expected.sum(),
             "wide": expected[:30].sum() / expected.sum()}
    for study in studies:
        np.testing.assert_array_equal(study.image, UPRIGHT)
        rows = {row[1]: row for row in share_rows(study)}
        for name, fixated in (("low", 0.6), ("wide", 0.4)):
            assert rows[name][2] == pytest.approx(share[name], abs=1e-6)
            assert rows[name][7] == pytest.approx(fixated)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_bytes_sent_to_a_saved_model(model, tmp_path, kind):
    serve = tf.saved_model.load(str(ks.export.save(model, tmp_path / "m"))).signatures
    output = serve["serve_bytes"](image_bytes=tf.constant([photograph(tag, kind) for tag in TAGS]))
    np.testing.assert_array_equal(output["original_size"], [SIZE] * 8)
    for tag, png in zip(TAGS, output["saliency_png_bytes"].numpy()):
        (tmp_path / "photograph").write_bytes(photograph(tag, kind))
        image = read_picture(tmp_path / "photograph")
        predicted = ks.predict(model, image)
        predicted = (predicted - predicted.min()) / (predicted.max() - predicted.min())
        levels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(levels / 255, predicted, atol=0.51 / 255 if kind == "PNG"
                                   else 0.03)  # two decoders of JPEG


def test_fixations_of_the_stored_picture(root, tmp_path):
    """`data.options={orientation: stored}`: the file as it is, and what was measured on it."""
    (tmp_path / "stimuli").symlink_to(root / "stimuli")
    (tmp_path / "fixations").mkdir()
    for tag in TAGS:
        mask = np.zeros(SIZE, np.uint8)
        for x, y in POINTS:
            mask[y, x] = 255
        cv2.imwrite(str(tmp_path / "fixations" / f"{tag}.png"), turn_back(mask, tag))
    with pytest.raises(DatasetError, match=r"of another size than the stimulus: .*5.png .*"
                                           r"data.options=\{orientation: stored\}"):
        load_dataset("folder", tmp_path)
    config = configs.load(None, ["data.name=folder", f"data.root={tmp_path}",
                                 "data.sigma_pixels=5", "data.options={orientation: stored}"])
    _, dataset, _ = loading.load_data(config.data, part="all")
    assert dataset.contents() != replace(dataset, orientation="upright").contents()  # caches
    load = pipeline.stimulus_loader(dataset)
    for index, tag in enumerate(TAGS):
        np.testing.assert_array_equal(load(index), turn_back(UPRIGHT, tag))
        counts = np.zeros(dataset.sizes[index])
        for x, y in dataset.fixations.of(index).astype(int):
            counts[y, x] = 1
        mask = turn(counts, tag)
        assert sorted(zip(*np.nonzero(mask)[::-1])) == sorted(POINTS)
    with pytest.raises(DatasetError, match="orientation must be upright or stored, not 'exif'"):
        load_dataset("folder", tmp_path, orientation="exif")
