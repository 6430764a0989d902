"""Stored maps that are not what they seem: each is scored as the right one, skipped or named."""
import re
import warnings
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_saliency import config as configs
from keras_saliency.datasets import pipeline, popout
from keras_saliency.evaluation.densities import Density
from keras_saliency.evaluation.scores import of_maps, score
from keras_saliency.evaluation.scoring import Scorer, Skipped, density_of, score_predictions
from keras_saliency.evaluation.stored_maps import picture_predictions
from keras_saliency.files import InputError, InputWarning
from keras_saliency.prediction import overlay
from keras_saliency.prediction.prediction_files import write_prediction

SIZE, SIGMA = (96, 128), 8.0
METRICS_OF_MAPS = ["nss", "cc", "sim", "kld", "auc_judd"]


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=13, size=SIZE).select(range(3))


@pytest.fixture(scope="module")
def training():
    return popout.load(count=13, size=SIZE).select(range(3, 13))


@pytest.fixture(scope="module")
def images(dataset):
    load = pipeline.stimulus_loader(dataset)
    return [load(index).numpy() for index in range(len(dataset))]


@pytest.fixture(scope="module")
def densities(dataset):
    """Smooth densities [H, W] above 0 that are near the right ones; sum 1."""
    found = [density_of(dataset, index, 14.0).astype(np.float64) for index in range(len(dataset))]
    return [0.9 * values / values.sum() + 0.1 / values.size for values in found]


def stored(folder, dataset, maps, write, ending):
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in zip(dataset.names, maps):
        write(str(folder / f"{name}{ending}"), values)
    return folder


def as_npy(folder, dataset, maps):
    return stored(folder, dataset, maps, np.save, ".npy")


def as_png(folder, dataset, maps):
    return stored(folder, dataset, maps, cv2.imwrite, ".png")


def scores(folder, dataset, meaning=None, metrics=METRICS_OF_MAPS, training=None):
    scorer = Scorer(dataset, SIGMA, metrics, training,
                    densities=meaning in ("density", "log_density"))
    result = score_predictions(picture_predictions(folder, dataset, meaning), scorer)
    assert not result.missing, result.reasons
    return result.means()


def reasons(folder, dataset, meaning=None):
    found = list(picture_predictions(folder, dataset, meaning))
    assert all(isinstance(one, Skipped) for one in found), found
    return [one.reason for one in found]


@pytest.fixture
def silent():
    """No warning in the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", InputWarning)
        yield


@pytest.mark.parametrize("colormap", ["jet", "inferno", "Reds"])
def test_false_colors_are_no_scale(dataset, densities, tmp_path, colormap):
    as_png(tmp_path, dataset, [overlay.colorize(d, colormap)[..., ::-1] for d in densities])
    for reason in reasons(tmp_path, dataset):
        assert "of its pixels are colored, and colors are no scale of a map" in reason


def test_a_map_over_its_picture_is_skipped_or_named(dataset, densities, images, tmp_path, silent):
    as_png(tmp_path / "colored", dataset, [
        overlay.overlay(image, values)[..., ::-1] for image, values in zip(images, densities)])
    assert all("are colored" in reason for reason in reasons(tmp_path / "colored", dataset))
    grays = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    blends = [np.uint8(0.4 * gray + 0.6 * overlay.density_picture(values))
              for gray, values in zip(grays, densities)]
    for folder, maps in (("blended", blends), ("small", [cv2.resize(
            blend, (64, 48), interpolation=cv2.INTER_AREA) for blend in blends])):
        with pytest.warns(InputWarning, match="3 of 3 maps have the fine detail of their stimuli"):
            scores(as_png(tmp_path / folder, dataset, maps), dataset)
    # sharp maps that are no copy
    rng = np.random.default_rng(0)
    edges = [np.abs(cv2.Laplacian(gray, cv2.CV_16S)).clip(0, 254).astype(np.uint8) + 1
             for gray in grays]
    masks = [np.uint8(255 * (values > np.quantile(values, 0.8))) for values in densities]
    noise = [rng.integers(1, 256, SIZE, np.uint8) for _ in range(3)]
    for number, maps in enumerate((edges, masks, noise, [np.full(SIZE, 7, np.uint8)] * 3)):
        scores(as_png(tmp_path / str(number), dataset, maps), dataset)


def test_a_map_in_the_alpha_channel_is_skipped(dataset, densities, tmp_path):
    as_png(tmp_path, dataset, [
        np.dstack([np.full((*SIZE, 3), 40, np.uint8), overlay.density_picture(values)])
        for values in densities])
    assert all("its transparency varies" in reason for reason in reasons(tmp_path, dataset))


def test_gray_in_any_form_is_the_same_map(dataset, densities, tmp_path, silent):
    """Three channels, opaque alpha, a palette, JPEG with chroma, 16 bits."""
    grays = [np.maximum(overlay.density_picture(values), 1) for values in densities]
    expected = scores(as_png(tmp_path / "gray", dataset, grays), dataset)
    opaque = [cv2.cvtColor(gray, cv2.COLOR_GRAY2BGRA) for gray in grays]
    clear = [np.dstack([gray, gray, gray, np.zeros(SIZE, np.uint8)]) for gray in grays]
    for folder, maps in (("channels", [np.dstack([gray] * 3) for gray in grays]),
                         ("opaque", opaque), ("clear", clear),
                         ("fine", [np.uint16(gray) * 257 for gray in grays]),
                         ("fine_channels", [np.dstack([np.uint16(gray) * 257] * 3)
                                            for gray in grays])):
        found = scores(as_png(tmp_path / folder, dataset, maps), dataset)
        assert found == pytest.approx(expected, abs=1e-6), folder
    palette = stored(tmp_path / "palette", dataset, grays, lambda path, gray: Image.fromarray(
        gray).convert("P").save(path), ".png")
    assert scores(palette, dataset) == pytest.approx(expected, abs=1e-6)
    jpeg = stored(tmp_path / "jpeg", dataset, grays, lambda path, gray: Image.fromarray(
        np.dstack([gray] * 3)).save(path, quality=60), ".jpg")
    assert scores(jpeg, dataset) == pytest.approx(expected, abs=0.05)
    tiff = stored(tmp_path / "tiff", dataset, densities, lambda path, values: Image.fromarray(
        values.astype(np.float32)).save(path), ".tif")
    right = scores(as_npy(tmp_path / "npy", dataset, densities), dataset)
    assert scores(tiff, dataset) == pytest.approx(right, abs=1e-4)


def test_log_densities_are_scored_as_densities_once_it_is_said(dataset, training, densities,
                                                               tmp_path):
    logs = as_npy(tmp_path / "logs", dataset, [np.log(values) for values in densities])
    plain = as_npy(tmp_path / "plain", dataset, densities)
    for reason in reasons(logs, dataset):
        assert "its exponentials (nats) sum to 1, so it is a log-density" in reason
        assert "say that the maps are log_density" in reason
    right = scores(plain, dataset)
    assert scores(logs, dataset, "log_density") == pytest.approx(right, abs=1e-5)
    assert right["cc"] - scores(logs, dataset, "saliency")["cc"] > 0.05  # what it was
    metrics = [*METRICS_OF_MAPS, "log_likelihood", "information_gain_density"]
    found = scores(logs, dataset, "log_density", metrics, training)
    assert found == pytest.approx(scores(plain, dataset, "density", metrics, training), abs=1e-6)
    # by hand: mean over stimuli of ln p at the fixations
    expected = []
    for index, values in enumerate(densities):
        x, y = np.floor(dataset.fixations.of(index)).astype(int).T
        expected.append(np.log(values / values.sum())[y, x].mean())
    assert found["log_likelihood"] == pytest.approx(np.mean(expected), abs=1e-6)


def test_other_logarithms_are_named(dataset, densities, tmp_path):
    bits = as_npy(tmp_path / "bits", dataset, [np.log2(values) for values in densities])
    assert all("its exponentials (bits) sum to 1" in why for why in reasons(bits, dataset))
    assert all("logarithms are in bits; multiply them by 0.693147" in why
               for why in reasons(bits, dataset, "log_density"))
    shifted = as_npy(tmp_path / "shifted", dataset, [np.log(d) - 3 for d in densities])
    with pytest.warns(InputWarning, match="3 of 3 maps have no value above 0 .* log_density"):
        scores(shifted, dataset)
    assert all("subtract its logsumexp" in why
               for why in reasons(shifted, dataset, "log_density"))
    plain = as_npy(tmp_path / "plain", dataset, densities)
    assert all("no log-density in nats" in why for why in reasons(plain, dataset, "log_density"))


def test_log_densities_of_half_the_size(dataset, densities, tmp_path):
    small = [cv2.resize(values, (64, 48), interpolation=cv2.INTER_AREA) * 4
             for values in densities]
    logs = as_npy(tmp_path, dataset, [np.log(v / v.sum()).astype(np.float32) for v in small])
    for values, found in zip(densities, picture_predictions(logs, dataset, "log_density")):
        assert isinstance(found, Density) and found.saliency_map.sum() == pytest.approx(1)
        np.testing.assert_allclose(found.saliency_map, values / values.sum(), rtol=0.15)


def test_a_density_is_above_0(dataset, densities, tmp_path):
    as_npy(tmp_path, dataset, [np.where(d > np.quantile(d, 0.25), d, 0) for d in densities])
    assert all("25% of the pixels are not above 0" in why
               for why in reasons(tmp_path, dataset, "density"))
    with pytest.raises(InputError, match="maps are saliency, density or log_density, not 'logs'"):
        picture_predictions(tmp_path, dataset, "logs")


def test_odd_maps_that_are_right_pass_without_a_word(dataset, tmp_path, silent):
    """Values of both signs, a single peak, all 0, whole numbers, negative but for one pixel."""
    rng = np.random.default_rng(0)
    peak = np.zeros(SIZE)
    peak[40, 50] = 1
    for number, values in enumerate((rng.normal(size=SIZE), peak, np.zeros(SIZE),
                                     rng.integers(0, 9, SIZE), 1 - np.arange(
                                         SIZE[0] * SIZE[1]).reshape(SIZE))):
        scores(as_npy(tmp_path / str(number), dataset, [values] * 3), dataset, metrics=["nss"])


def test_the_density_of_a_prediction_scores_like_the_map(dataset, densities, images, tmp_path,
                                                         silent):
    """Of a density that falls to 1e-3 of its peak, of saliency with zeros, of any scale."""
    steep = [(values / values.max()) ** 2 for values in densities]
    assert 1e-4 < min(values.min() for values in steep) < 2e-3
    cases = {"density": densities, "steep": steep, "zeros": [
        np.maximum(values - np.quantile(values, 0.3), 0) * 1e4 for values in densities]}
    for name, maps in cases.items():
        folder = tmp_path / name
        folder.mkdir()
        for stimulus, image, values in zip(dataset.names, images, maps):
            write_prediction(image, values.astype(np.float32), stimulus, folder, raw=True)
        raw = scores(folder, dataset)
        for path in folder.glob("*.npy"):
            path.unlink()
        assert scores(folder, dataset) == pytest.approx(raw, abs=0.01), name


def test_what_8_bits_lose_is_said(dataset, densities, tmp_path):
    steep = [(values / values.max()) ** 4 for values in densities]
    eight = as_png(tmp_path / "8", dataset, [np.rint(255 * values).astype(np.uint8)
                                             for values in steep])
    with pytest.warns(InputWarning, match=r"3 of 3 maps are pictures of 8 bits .* kld and "
                                          "information_gain depend on it"):
        found = scores(eight, dataset)
    right = scores(as_npy(tmp_path / "npy", dataset, steep), dataset)
    assert found["kld"] - right["kld"] > 0.1
    assert [found[name] for name in ("nss", "cc", "sim")] == pytest.approx(
        [right[name] for name in ("nss", "cc", "sim")], abs=0.02)


def test_maps_of_which_none_can_be_scored_are_an_error(tmp_path):
    config = configs.load(None, ["data.options={count: 10, size: [96, 128]}",
                                 "evaluation.metrics=[nss]"])
    everything = popout.load(count=10, size=SIZE)
    jet = overlay.colorize(np.outer(np.arange(96), np.arange(128)), "jet")
    as_png(tmp_path, everything, [jet] * 10)
    with pytest.raises(InputError, match=r"none can be scored; that of popout_\d{4}_\w+: .*png: "
                                         r".*are colored.* save the map itself"):
        score(config, of_maps(tmp_path), "all", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_the_command_states_what_maps_are(run, tmp_path):
    everything = popout.load(count=10, size=SIZE)
    flat = np.full(SIZE, -np.log(SIZE[0] * SIZE[1]))
    as_npy(tmp_path, everything, [flat] * 10)
    options = ["evaluate", "--maps", tmp_path, "--part", "all", "--set",
               "data.options={count: 10, size: [96, 128]}", "evaluation.metrics=[log_likelihood]"]
    code, said = run(*options, "--maps-are", "log_density")
    mean, = re.findall(r"log_likelihood \(higher\) +(\S+)", said)
    assert code == 0 and float(mean) == pytest.approx(np.log(1 / 12288), abs=1e-4)
    options[-1] = "evaluation.metrics=[nss]"
    code, said = run(*options)
    assert code == 2 and "say that the maps are log_density" in said
    code, said = run("evaluate", "--baseline", "uniform", "--maps-are", "density")
    assert code == 2 and "--maps-are is for --maps" in said


def test_a_colored_density_of_a_dataset_is_refused(dataset, densities, tmp_path):
    as_png(tmp_path, dataset, [overlay.colorize(d, "jet")[..., ::-1] for d in densities])
    published = replace(dataset, density_files=tuple(
        tmp_path / f"{name}.png" for name in dataset.names))
    with pytest.raises(InputError, match="colors are no scale of a map"):
        density_of(published, 0, SIGMA)
