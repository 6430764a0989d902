"""Maps whose relation to the fixations is known, and what a calibration makes of them."""
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest
import scipy.ndimage
import scipy.optimize

import keras_saliency as ks
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.files import InputError
from keras_saliency.models import facts_of, weights_file
from keras_saliency.training import calibration, likelihood

CANVAS = (32, 40)
STIMULI = 20


def blobs(seed, count=STIMULI, sizes=(CANVAS,)):
    """[H, W] in 0..1 each, 0 in many places: some Gaussians."""
    rng, found = np.random.default_rng(seed), []
    for index in range(count):
        height, width = sizes[index % len(sizes)]
        y, x = np.mgrid[:height, :width]
        values = sum(np.exp(-((y - rng.uniform(0, height)) ** 2 + (x - rng.uniform(0, width)) ** 2)
                            / (2 * rng.uniform(2, 5) ** 2)) for _ in range(3))
        found.append(np.round(255 * values / values.max()) / 255)
    return found


def looked_at(maps, densities, fixations=60, seed=5):
    """Stimuli that show the maps in red, with fixations drawn from the densities."""
    rng, points = np.random.default_rng(seed), []
    for index, density in enumerate(densities):
        places = rng.choice(density.size, fixations, p=density.ravel() / density.sum())
        y, x = np.divmod(places, density.shape[1])
        points.append(np.stack([x + 0.5, y + 0.5, np.full(fixations, index)], axis=1))
    x, y, image = np.concatenate(points).T
    sizes = np.array([values.shape for values in maps], np.int32)
    pictures = [cv2.merge([np.zeros_like(values), np.zeros_like(values), values])
                for values in (np.round(255 * v).astype(np.uint8) for v in maps)]
    return SaliencyDataset(
        "made", tuple(f"s{i:02d}" for i in range(len(maps))),
        tuple(cv2.imencode(".png", picture)[1].tobytes() for picture in pictures), sizes,
        Fixations.build(x, y, image, sizes))


def network(scale=1 / 255):
    """A network whose map is the red of a picture."""
    image = keras.Input((None, None, 3), name="image")
    layer = keras.layers.Conv2D(1, 1, use_bias=False, name="saliency")
    model = keras.Model(image, layer(image), name="red")
    layer.set_weights([np.array([scale, 0, 0], np.float32).reshape(1, 1, 3, 1)])
    model = ks.facts(model, canvas=CANVAS)
    return model


def middle():
    """[H, W]: people look at the middle."""
    y, x = np.mgrid[:CANVAS[0], :CANVAS[1]]
    return np.exp(-((y - 16) ** 2 / 90 + (x - 20) ** 2 / 160))


def quiet(text):
    pass


def entropy_bits(densities):
    """Mean bits over uniform of fixations that come from the densities."""
    shares = [density / density.sum() for density in densities]
    return np.mean([share.ravel() @ np.log2(share.ravel() * share.size) for share in shares])


def collected(dataset, model=None):
    model = model or network()
    return likelihood.collect(model, dataset, CANVAS)


def test_a_density_that_is_right_gets_no_worse():
    maps = [values + 1e-3 for values in blobs(0)]  # as the uncalibrated map is taken
    found = calibration.fit(network(), looked_at(blobs(0), maps, 150), log=quiet)
    _, uncalibrated, calibrated = found.held_out.mean(axis=0)
    assert uncalibrated == pytest.approx(entropy_bits(maps), abs=0.05)
    assert calibrated > uncalibrated - 0.02


def test_a_monotone_distortion_is_undone():
    maps, truth = blobs(1), [(values + 0.02) ** 2.5 for values in blobs(1)]
    found = calibration.fit(network(), looked_at(maps, truth), log=quiet)
    center, uncalibrated, calibrated = found.held_out.mean(axis=0)
    assert found.improved and calibrated > uncalibrated + 0.3 > center
    assert calibrated == pytest.approx(entropy_bits(truth), abs=0.06)
    for index in range(5):
        shown = cv2.merge([maps[index] * 255, maps[index] * 0, maps[index] * 0])
        density, share = ks.predict(found.model, shown), truth[index] / truth[index].sum()
        assert (share * np.log2(share / density)).sum() < 0.06


def test_a_blur_is_found():
    maps = np.zeros((STIMULI, *CANVAS))
    places = np.random.default_rng(2).integers(0, CANVAS, (STIMULI, 6, 2))
    for index, dots in enumerate(places):
        maps[index][tuple(dots.T)] = 1
    truth = [scipy.ndimage.gaussian_filter(values, 2.5, mode="constant") for values in maps]
    found = calibration.fit(network(), looked_at(maps, truth, 200), log=quiet)
    assert found.improved and found.parameters.sigma == pytest.approx(2.5, rel=0.1)


def test_a_center_bias_is_found():
    truth = [(values + 0.05) * middle() for values in blobs(3, 30)]
    found = calibration.fit(network(), looked_at(blobs(3, 30), truth), log=quiet)
    gains = found.held_out.mean(axis=0)
    assert found.improved and found.parameters.center_weight > 0.5
    assert gains[2] == pytest.approx(entropy_bits(truth), abs=0.1) and gains[0] > 0.3


@pytest.mark.slow
def test_maps_that_say_nothing_are_left_alone():
    model, lines = network(), []
    dataset = looked_at(blobs(4), [middle()] * STIMULI)
    found = calibration.fit(model, dataset, log=lines.append)
    center, uncalibrated, calibrated = found.held_out.mean(axis=0)
    assert uncalibrated < 0 < center and calibrated < center + 0.02
    assert not found.improved and found.model is model
    assert "not calibrated: the model stays as it was" in lines[0]
    assert f"above 0: {calibrated - center:.3f} [" in lines[0]
    assert "] over center bias alone" in lines[0] and "] over uncalibrated" not in lines[0]
    assert ks.calibrate(model, dataset, log=quiet) is model
    with pytest.raises(InputError, match="x.h5 is not written: the calibration did not help"):
        found.save("x.h5")


# landscapes with padding at a side, and portraits, whose canvas is turned; none is resized
SHAPES = (CANVAS, (32, 34), (40, 32), (26, 40))


@pytest.fixture(scope="module")
def shapes():
    maps = blobs(6, 24, SHAPES)
    return looked_at(maps, [(values + 0.02) ** 2 for values in maps])


def test_what_is_fitted_is_what_predict_gives(shapes):
    model = network()
    cells = collected(shapes, model)
    assert cells.side == 1 and cells.turned.tolist() == [False, False, True, False] * 6
    assert cells.counts.sum() == len(shapes.fixations)
    vector, center, spans = likelihood.fit(cells, np.arange(24))
    calibrated = calibration.add_calibration(model)
    calibration.write_parameters(calibrated, likelihood.parameters(cells, vector, center, spans))
    rows = np.arange(8)
    expected = likelihood.calibrated(cells, rows, likelihood.priors(cells, rows, center, spans),
                                     vector)
    for row in rows:
        image = cv2.imdecode(np.frombuffer(shapes.stimuli[row], np.uint8), -1)[..., ::-1]
        density = ks.predict(calibrated, image)
        places = tuple(np.floor(shapes.fixations.of(row)).astype(int).T[::-1])
        bits = np.log2(density[places] * density.size).mean()
        assert bits == pytest.approx(expected[row], abs=2e-3)


def test_the_center_bias_is_the_packages_own(shapes):
    cells = collected(shapes)
    vector, center, spans = likelihood.fit(cells, np.arange(12))
    alone = calibration.score(cells, [12, 16], vector, center, spans)[:, 0]
    on_canvas = likelihood.bits(cells, [12, 16], likelihood.priors(cells, [12, 16], center, spans))
    for row, bits, others in zip((12, 16), alone, on_canvas):
        log_density = center.predict(CANVAS).log_density
        expected = np.mean([log_density[int(y), int(x)] for x, y in shapes.fixations.of(row)])
        assert bits == pytest.approx((expected + np.log(32 * 40)) / np.log(2), abs=1e-9)
        assert others == pytest.approx(bits, abs=0.05)


def test_a_network_that_gives_a_density_is_taken_for_that(shapes):
    keras.utils.set_random_seed(1)
    model = ks.build_model("deepgaze1", width_multiplier=0.03)
    prior = model.get_layer("center_bias").log_density
    prior.assign(cv2.GaussianBlur(np.random.default_rng(2).normal(0, 30, (64, 64)), (0, 0), 5))
    model = ks.facts(model, canvas=CANVAS)
    cells = likelihood.collect(model, shapes, CANVAS)
    rows = np.arange(4)
    found = likelihood.bits(cells, rows, cells.plain[rows])
    for row in rows:
        image = cv2.imdecode(np.frombuffer(shapes.stimuli[row], np.uint8), -1)[..., ::-1]
        x, y = np.floor(shapes.fixations.of(row)).astype(int).T
        density = ks.predict(model, image)
        assert found[row] == pytest.approx(np.log2(density[y, x] * density.size).mean(), abs=1e-3)


def test_the_gradient_is_the_slope_and_scipy_finds_no_better_optimum(shapes):
    cells, rows = collected(shapes), np.arange(24)
    vector, center, spans = likelihood.fit(cells, rows)
    own = likelihood.priors(cells, rows, center, spans, own=True)
    cells = cells._replace(maps=cells.maps.astype(np.float64))

    def both(x):
        return likelihood.negative(cells, rows, own, x)

    starts = [np.array([slope] * 10 + [log_sigma, 0.6, -2.0])
              for slope, log_sigma in ((0.7, 0.3), (2.0, -0.5))]
    for start in starts:
        np.testing.assert_allclose(both(start)[1], scipy.optimize.approx_fprime(
            start, lambda x: both(x)[0], 1e-6), rtol=1e-3, atol=1e-6)
        other = scipy.optimize.minimize(both, start, jac=True, method="SLSQP",
                                        bounds=likelihood.BOUNDS, options={"maxiter": 300})
        assert both(vector)[0] < other.fun + 2e-3


@pytest.mark.slow
def test_cells_of_several_pixels_find_the_same(shapes, monkeypatch):
    fine = calibration.fit(network(), shapes, log=quiet)
    monkeypatch.setattr(likelihood, "MOST_CELLS", 32 * 40 // 4)
    coarse = calibration.fit(network(), shapes, log=quiet)
    np.testing.assert_allclose(coarse.held_out.mean(axis=0), fine.held_out.mean(axis=0), atol=0.1)
    image = np.random.default_rng(0).integers(0, 256, (*CANVAS, 3), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    difference = ks.predict(coarse.model, image) - ks.predict(fine.model, image)
    assert abs(difference).sum() / 2 < 0.1


@pytest.mark.parametrize("canvas, side", [((240, 320), 4), ((360, 360), 4), ((48, 64), 1),
                                          ((768, 1024), 16), ((479, 641), 1)])
def test_cells_divide_the_canvas(canvas, side):
    assert likelihood.cell_side(canvas) == side


def test_stimuli_without_fixations_are_left_out():
    maps = blobs(7)
    dataset = looked_at(maps, [values + 0.01 for values in maps])
    some = replace(dataset, fixations=dataset.fixations.where(dataset.fixations.image % 3 > 0))
    found = calibration.fit(network(), some, log=quiet)
    assert len(found.held_out) == 13 and found.fixations == 13 * 60
    few = dataset.fixations.where(dataset.fixations.image < 4)
    with pytest.raises(DatasetError, match="made: a calibration needs fixations on at least 5 "
                                           "stimuli, to hold some out; there are 4 of 20"):
        ks.calibrate(network(), replace(dataset, fixations=few))
    with pytest.raises(DatasetError, match="there are 1 of 1"):
        ks.calibrate(network(), dataset.select([0]))
    with pytest.raises(DatasetError, match="there are 0 of 20"):
        ks.calibrate(network(), replace(dataset, fixations=None,
                                        density_files=("x.png",) * STIMULI))


def test_what_cannot_be_used_is_named(shapes):
    with pytest.raises(FloatingPointError, match="the map of s00 has NaN or infinite"):
        ks.calibrate(network(np.nan), shapes)
    with pytest.raises(InputError, match="its strides must divide the canvas: take"):
        ks.calibrate(ks.build_model("ead", width_multiplier=0.03), shapes, (30, 40))
    broken = replace(shapes, stimuli=(shapes.stimuli[0][:60], *shapes.stimuli[1:]))
    with pytest.raises(Exception, match="decode|png|PNG|image"):
        ks.calibrate(network(), broken)


def test_saved_and_loaded_it_is_the_same(shapes, tmp_path):
    options = {"width_multiplier": 0.03}
    keras.utils.set_random_seed(0)
    weights_file.save(ks.build_model("ead", **options), tmp_path / "w.h5",
                      {"model": "ead", "options": options, "canvas": [48, 64], "licence": "mine"})
    model = ks.load_pretrained(tmp_path / "w.h5")
    calibrated = calibration.add_calibration(model)
    with pytest.raises(InputError, match="x.h5: calibrated_ead does not say what it was calib"):
        calibration.save(calibrated, tmp_path / "x.h5")
    found = calibration.Calibration(model, None, np.arange(72.0).reshape(24, 3), 60, (32, 48))
    calibrated = ks.facts(calibrated, canvas=(32, 48), about={
        **facts_of(model).about, "calibration": found.facts(shapes)})
    loaded = ks.load_pretrained(calibration.save(calibrated, tmp_path / "x.h5"))
    assert facts_of(loaded).canvas == (32, 48) and facts_of(loaded).about["licence"] == "mine"
    assert facts_of(loaded).about["calibration"]["stimuli"] == 24
    assert facts_of(loaded).about["calibration"]["held_out"]["center_bias_alone"][0] == 34.5
    image = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    np.testing.assert_array_equal(ks.predict(calibrated, image), ks.predict(loaded, image))
