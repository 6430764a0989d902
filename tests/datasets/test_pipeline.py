"""tf.data from files to canvases."""
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import maps
from keras_saliency.datasets import pipeline, popout
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.maps import DENSITY, FIXATIONS

SIZES = [(60, 80), (80, 60), (30, 100), (48, 64)]


@pytest.fixture
def dataset(tmp_path):
    """Four stimuli of different sizes and file types with three fixations each."""
    rng = np.random.default_rng(0)
    paths = []
    for index, (size, suffix) in enumerate(zip(SIZES, (".png", ".jpg", ".bmp", ".png"))):
        picture = cv2.resize(rng.integers(0, 256, (5, 5, 3), np.uint8), size[::-1])
        picture = picture[..., 0] if index == 3 else picture  # grayscale
        paths.append(tmp_path / f"{index}{suffix}")
        cv2.imwrite(str(paths[-1]), picture)
    sizes = np.array(SIZES)
    x = np.concatenate([[0, w / 2, w - 0.01] for h, w in SIZES])
    y = np.concatenate([[0, h / 3, h - 0.01] for h, w in SIZES])
    fixations = Fixations.build(x, y, np.repeat(np.arange(4), 3), sizes)
    return SaliencyDataset("made", [p.stem for p in paths], paths, sizes, fixations,
                           pixels_per_dva=5.0)


def spec(targets=(DENSITY, FIXATIONS)):
    return pipeline.CanvasSpec((48, 64), 5.0, targets)


def test_examples_are_canvases_and_targets(dataset):
    images, targets = next(iter(pipeline.canvas_stream(dataset, spec(), 4)))
    assert images.shape == (4, 48, 64, 3) and targets.shape == (4, 48, 64, 2)
    assert images.dtype == targets.dtype == tf.float32
    for index, path in enumerate(dataset.stimuli):
        picture = cv2.imread(str(path))[..., ::-1]
        expected = maps.to_canvas(picture, (48, 64)).numpy()
        np.testing.assert_allclose(images[index], expected, atol=1.01)  # JPEG decoders differ
        density = dataset.fixations.density_map(index, 5.0)[..., None]
        density = maps.to_canvas(density, (48, 64), 0.0).numpy()
        np.testing.assert_allclose(targets[index, ..., 0], density[..., 0] / density.max(),
                                   atol=1e-5)
    np.testing.assert_array_equal(tf.reduce_sum(targets[..., 1], (1, 2)), [3] * 4)


@pytest.mark.parametrize("ending, deep", [
    (".tif", False), (".tiff", True), (".webp", False), (".bmp", False), (".png", True)])
def test_files_of_every_type_give_the_same_example(dataset, tmp_path, ending, deep):
    """Also of densities, and of gray stimuli; OpenCV writes a WebP of quality 101 without loss."""
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (48, 64, 3), np.uint8)

    def written(name, ending, values):
        path = tmp_path / f"{name}{ending}"
        values = values.astype(np.uint16) * 257 if deep else values
        assert cv2.imwrite(str(path), values, [cv2.IMWRITE_WEBP_QUALITY, 101])
        return path

    stimuli = [written("color", ending, picture), written("gray", ending, picture[..., 0])]
    densities = [written("one", ending, picture[..., 1]), written("two", ending, picture[..., 2])]
    made = SaliencyDataset("made", ["color", "gray"], stimuli, np.array([(48, 64)] * 2),
                           density_files=densities)
    load = pipeline.stimulus_loader(made)
    np.testing.assert_array_equal(load(0), picture[..., ::-1])
    np.testing.assert_array_equal(load(1), np.repeat(picture[..., :1], 3, axis=-1))
    images, targets = next(iter(pipeline.canvas_stream(made, spec((DENSITY,)), 2)))
    np.testing.assert_array_equal(images[0], picture[..., ::-1])
    for target, channel in zip(targets[..., 0], (picture[..., 1], picture[..., 2])):
        np.testing.assert_allclose(target, channel / channel.max(), rtol=1e-6)


def test_a_tiff_that_is_cut_short_is_named(dataset, tmp_path):
    cv2.imwrite(str(tmp_path / "cut.tif"), np.zeros((48, 64, 3), np.uint8))
    contents = (tmp_path / "cut.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(contents[:8] + bytes(len(contents) - 8))
    cut = replace(dataset, stimuli=[*dataset.stimuli[:3], tmp_path / "cut.tif"])
    with pytest.raises(DatasetError, match="cannot be decoded: .*cut.tif"):
        with pipeline.unreadable_files_named(cut):
            list(pipeline.canvas_stream(cut, spec(), 4))


def test_stretched_examples_fill_the_canvas(dataset):
    """Against OpenCV on the stimuli that the canvas halves or keeps in one direction."""
    stretched = replace(spec(), fit="stretch")
    images, targets = next(iter(pipeline.canvas_stream(dataset, stretched, 4)))
    padding = (images.numpy() == maps.STIMULUS_PADDING).all(axis=-1)
    assert not padding.all(axis=1).any() and not padding.all(axis=2).any()
    for index, (h, w) in enumerate(SIZES):
        x, y = np.array([0, w // 2, w - 1]), np.array([0, h // 3, h - 1])
        numbers = np.zeros((48, 64))
        np.add.at(numbers, (np.floor((y + 0.5) * 48 / h).astype(int),
                            np.floor((x + 0.5) * 64 / w).astype(int)), 1)
        np.testing.assert_array_equal(targets[index, ..., 1], numbers)
        density = dataset.fixations.density_map(index, 5.0)
        resized = cv2.resize(density, (64, 48), interpolation=cv2.INTER_AREA)
        found = targets[index, ..., 0].numpy()
        assert found.max() == pytest.approx(1)
        # corners are aligned here and not in OpenCV: half a pixel of a blur of five at most
        np.testing.assert_allclose(found, resized / resized.max(), atol=0.12)
    one = next(iter(pipeline.stimulus_stream(dataset, (48, 64), [1], 1, "stretch")))[0]
    np.testing.assert_array_equal(one, images[1])


def test_mirror_flips_stimulus_and_targets(dataset):
    load = pipeline.example_loader(dataset, spec())
    for plain, flipped in zip(load(1, tf.constant(False)), load(1, tf.constant(True))):
        np.testing.assert_array_equal(plain[:, ::-1], flipped)


def test_windows_cut_stimulus_and_targets_alike():
    """A stimulus whose red is its density, so that both can be compared after any window."""
    size = (96, 128)
    density = maps.density_map(tf.constant([[60.0, 50.0]]), size, 12.0).numpy()
    picture = np.repeat(np.round(density / density.max() * 255), 3, -1).astype(np.uint8)
    data = SaliencyDataset(
        "made", ["a"], [cv2.imencode(".png", picture)[1].tobytes()], np.array([size]),
        Fixations.build([60, 5, 127], [50, 4, 95], [0, 0, 0], [size]))
    only = replace(data, fixations=Fixations.build([60], [50], [0], [size]))
    wanted = pipeline.CanvasSpec(size, 12.0, (DENSITY, FIXATIONS))
    load = pipeline.example_loader(only, wanted, pipeline.Augmentation(crop=0.5))
    plain = load(0, tf.constant(False))[0].numpy()
    corners = set()
    for number in range(12):
        image, target = load(0, tf.constant(number % 2 == 1), tf.constant([number, 3]))
        image, target = image.numpy()[..., 0], target.numpy()
        assert image.shape == size and np.abs(image - plain[..., 0]).max() > 10
        if target[..., 1].sum():  # the peak is in the window: red and density agree
            shown = image != maps.STIMULUS_PADDING  # a row, where rounding changed the aspect
            assert shown.mean() > 0.95
            np.testing.assert_allclose((image / image.max())[shown], target[..., 0][shown],
                                       atol=0.06)
            y, x = np.argwhere(target[..., 1])[0]
            assert target[y, x, 0] > 0.97
            corners.add((y, x))
    assert len(corners) > 5
    # every fixation that remains lies on the canvas, those outside of the window are gone
    load = pipeline.example_loader(data, wanted, pipeline.Augmentation(crop=0.6))
    counts = [float(tf.reduce_sum(load(0, tf.constant(False), tf.constant([n, 0]))[1][..., 1]))
              for n in range(20)]
    assert min(counts) < 3 and max(counts) <= 3


def test_colors_change_the_stimulus_alone(dataset):
    load = pipeline.example_loader(dataset, spec(), pipeline.Augmentation(color=0.3))
    image, target = load(0, tf.constant(False))
    seen = []
    for number in range(6):
        changed, same = load(0, tf.constant(False), tf.constant([number, 1]))
        np.testing.assert_array_equal(target, same)
        assert 0 <= float(tf.reduce_min(changed)) and float(tf.reduce_max(changed)) <= 255
        seen.append(float(tf.reduce_mean(changed - image)))
    assert len(set(seen)) == 6 and max(map(abs, seen)) > 2
    again, _ = load(0, tf.constant(False), tf.constant([5, 1]))
    np.testing.assert_array_equal(again, changed)  # a function of the key alone


def test_keys_are_a_function_of_seed_and_epoch():
    def keys(epochs, seed=5):
        return [tuple(k.numpy()) for *_, k in pipeline.epoch_orders(10, 3, seed, True, epochs)]

    whole = keys(range(0, 2))
    assert len(set(whole)) == 18 and keys(range(1, 2)) == whole[9:] and keys(range(2), 6) != whole


def test_static_shapes_are_known(dataset):
    orders = pipeline.epoch_orders(4, 2, 0, True, range(0, 1))
    stream = pipeline.training_stream(orders, pipeline.example_loader(dataset, spec()), 2)
    assert [tuple(s.shape) for s in stream.element_spec] == [(2, 48, 64, 3), (2, 48, 64, 2)]


def order_of(epochs, seed=5, mirror=True, count=10, batch=3):
    return [(int(i), bool(m)) for i, m, _ in
            pipeline.epoch_orders(count, batch, seed, mirror, epochs)]


def test_order_is_a_function_of_seed_and_epoch():
    whole = order_of(range(0, 3))
    assert len(whole) == 3 * 9  # whole batches
    assert order_of(range(1, 3)) == whole[9:]  # a resumed run goes on as the first one would
    assert order_of(range(0, 3), seed=6) != whole
    epochs = [whole[i:i + 9] for i in (0, 9, 18)]
    assert all(len({i for i, _ in epoch}) == 9 for epoch in epochs)  # no stimulus twice
    assert epochs[0] != epochs[1]
    flips = [m for _, m in order_of(range(0, 40))]
    assert 0.4 < np.mean(flips) < 0.6
    assert not any(m for _, m in order_of(range(0, 3), mirror=False))
    assert {i for i, _ in order_of(range(0, 40))} == set(range(10))  # leftovers take turns


def test_less_than_a_batch_is_an_error():
    with pytest.raises(DatasetError, match="3 training stimuli do not fill one batch of 4"):
        pipeline.steps_per_epoch(3, 4)


def test_generated_stimuli_come_from_memory():
    dataset = popout.load(count=20, size=(96, 128))
    images, targets = next(iter(pipeline.canvas_stream(dataset, pipeline.CanvasSpec(
        (96, 128), 6.0), 20)))
    picture = cv2.imdecode(np.frombuffer(dataset.stimuli[3], np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(images[3], picture[..., ::-1])
    assert targets.shape == (20, 96, 128, 1) and float(tf.reduce_max(targets)) == 1


def test_published_densities_are_used_as_they_are(dataset, tmp_path):
    files = []
    for index, size in enumerate(SIZES):
        density = np.zeros(size, np.uint8)
        density[:, : size[1] // 2] = 100
        files.append(tmp_path / f"{index}_density.png")
        cv2.imwrite(str(files[-1]), density)
    published = replace(dataset, fixations=None, density_files=files)
    _, targets = next(iter(pipeline.canvas_stream(published, spec((DENSITY,)), 4)))
    assert float(targets[0, 24, 10, 0]) == 1 and float(targets[0, 24, 60, 0]) == 0
    with pytest.raises(DatasetError, match="no fixations, which the chosen loss needs"):
        pipeline.example_loader(published, spec())


def test_blur_in_degrees_needs_the_viewing_distance(dataset):
    assert pipeline.sigma_pixels(dataset, 2.0) == 10.0
    assert pipeline.sigma_pixels(dataset, 2.0, 7) == 7.0
    with pytest.raises(DatasetError, match="data.sigma_pixels=24"):
        pipeline.sigma_pixels(replace(dataset, pixels_per_dva=None))


def test_sixteen_bits_are_reduced():
    rgb = np.random.default_rng(0).integers(0, 256, (6, 7, 3), np.uint8)
    deep = cv2.imencode(".png", rgb[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
    np.testing.assert_array_equal(pipeline.decode_stimulus(tf.constant(deep)), rgb)


def test_a_picture_cut_short_is_named(dataset):
    path = dataset.stimuli[1]
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DatasetError, match=f"cannot be decoded: .*{path.name}; they may be cut"):
        with pipeline.unreadable_files_named(dataset):
            list(pipeline.canvas_stream(dataset, spec(), 2))


def test_a_picture_that_is_gone_or_grew_is_named(dataset, bomb):
    dataset.stimuli[0].write_bytes(bomb())
    dataset.stimuli[1].unlink()
    with pytest.raises(DatasetError, match="cannot be decoded: .*0.png, .*1.jpg; they"):
        with pipeline.unreadable_files_named(dataset):
            list(pipeline.canvas_stream(dataset, spec(), 2))


def test_a_stimulus_without_pixels_is_refused(dataset):
    sizes = dataset.sizes.copy()
    sizes[2, 1] = 0
    with pytest.raises(DatasetError, match="made: stimuli without pixels: 2; remove them"):
        replace(dataset, sizes=sizes)


def test_other_errors_pass_through(dataset):
    with pytest.raises(tf.errors.InvalidArgumentError, match="unrelated"):
        with pipeline.unreadable_files_named(dataset):
            raise tf.errors.InvalidArgumentError(None, None, "unrelated")
