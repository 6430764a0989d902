"""Network dissection: planted concepts, and NetDissect's own procedure written out slowly."""
import csv
import functools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from keras_saliency.datasets.concepts import load_concepts
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.units import dissection
from keras_saliency.units.activations import activations
from keras_saliency.units.dissection import frequency_rows
from keras_saliency.units.interpolation import resampling

COUNT, SIZE = 14, (64, 96)
LABELS = [(1, "red thing", "object"), (2, "left", "part"), (3, "green thing", "object")]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Images with a red and a green rectangle on noise, aligned to the model's cells; a part
    label on the left of the red one; the green one is missing in every third image."""
    root = tmp_path_factory.mktemp("concepts")
    (root / "images").mkdir()
    (root / "labels").mkdir()
    rng = np.random.default_rng(9)
    for index in range(COUNT):
        image = rng.integers(0, 40, (*SIZE, 3)).astype(np.uint8)
        labels = np.zeros(SIZE, np.uint8)
        x, y = (int(v) * 4 for v in rng.integers(1, 8, 2))
        image[y:y + 24, x:x + 24, 0], labels[y:y + 24, x:x + 24] = 250, 1
        labels[y:y + 24, x:x + 12] = 2
        if index % 3:
            image[4:20, 68:92, 1], labels[4:20, 68:92] = 250, 3
        cv2.imwrite(str(root / "images" / f"{index:02d}.png"), image[..., ::-1])
        cv2.imwrite(str(root / "labels" / f"{index:02d}.png"), labels)
    with open(root / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([("number", "name", "category"), *LABELS])
    return load_concepts(root)


@pytest.fixture(scope="module")
def levels(data, color_model):
    return {"colors": dissection.find_thresholds(color_model, ["colors"], data, quantile=0.9)[
        "colors"].result()}


@pytest.fixture(scope="module")
def result(data, color_model, levels):
    return dissection.dissect(color_model, ["colors"], data, levels)["colors"]


def netdissect(data, model, levels):
    """Every unit of every image enlarged and counted, one by one."""
    names = ["object", "part"]
    both, area = np.zeros((4, 3)), np.zeros(3)
    units, units_in = np.zeros(4), np.zeros((4, 2))
    for index, path in enumerate(data.stimuli):
        image = cv2.imread(str(path))[..., ::-1].astype(np.float32)
        maps = next(iter(activations(model, ["colors"], [image[None]])))["colors"][0].numpy()
        labels = data.labels(index).pixels[0]
        area += [(labels == number).sum() for number, _, _ in LABELS]
        for unit in range(4):
            mask = cv2.resize(maps[..., unit], SIZE[::-1]) > levels["colors"][unit]
            counts = np.array([(mask & (labels == number)).sum() for number, _, _ in LABELS])
            both[unit] += counts
            units[unit] += mask.sum()
            for k, name in enumerate(names):
                touched = sum(c for c, (_, _, kind) in zip(counts, LABELS) if kind == name) > 0
                units_in[unit, k] += mask.sum() * touched
    pixels = np.stack([units_in[:, names.index(kind)] for _, _, kind in LABELS], 1)
    return (both / np.maximum(pixels + area - both, 1),
            both / np.maximum(units[:, None] + area - both, 1))


def test_thresholds_are_the_quantiles_of_all_cells(data, color_model, levels):
    images = np.stack([cv2.imread(str(p))[..., ::-1] for p in data.stimuli]).astype(np.float32)
    maps = next(iter(activations(color_model, ["colors"], [images])))["colors"].numpy()
    np.testing.assert_allclose(levels["colors"], np.quantile(maps.reshape(-1, 4), 0.9, axis=0),
                               rtol=1e-5)


def test_the_same_iou_as_netdissects_procedure(data, color_model, levels, result):
    iou, plain = netdissect(data, color_model, levels)
    np.testing.assert_allclose(result.iou, iou, atol=1e-6)
    np.testing.assert_allclose(result.plain_iou, plain, atol=1e-6)
    assert (result.iou >= result.plain_iou - 1e-12).all()
    assert (result.tally.units_in <= result.tally.units[:, None]).all()


def test_a_unit_that_fires_on_one_label_has_an_iou_of_1(data):
    """Masks that are the labels themselves, at the labels' own resolution."""
    plan = resampling(SIZE, SIZE)
    concepts = list(data.concepts.values())
    counts = []
    for index in range(COUNT):
        labels = data.labels(index)
        cells = np.stack([(labels.pixels[0] == c.number) * 1.0 for c in concepts], -1)
        active = dissection.active_pixels(cells, [0.5] * 3, plan)
        counts.append(dissection.count_overlaps(
            active, 3, labels, dissection.label_columns(concepts),
            dissection.category_groups(concepts)))
    iou, plain = dissection.intersection_over_union(
        functools.reduce(dissection.Tally.merge, counts), concepts)
    np.testing.assert_array_equal(iou, np.eye(3))
    np.testing.assert_array_equal(plain, np.eye(3))


def test_the_planted_concepts_are_found(result):
    concept, iou = result.best()
    assert result.concepts[concept[0]].name == "red thing" and iou[0] > 0.3
    assert result.concepts[concept[1]].name == "green thing" and iou[1] > 0.3
    found = result.detectors(threshold=0.3)
    assert found["object"]["red thing"] == [0] and found["object"]["green thing"] == [1]
    assert (result.null_iou()[:2] < iou[:2]).all() and iou[3] == 0  # the constant unit
    assert result.tally.images.tolist() == [14, 14, 9]


def test_shards_merge_to_one_pass(data, color_model, levels, result):
    parts = [dissection.dissect(color_model, ["colors"], data, levels, indices=part, batch=3)[
        "colors"] for part in np.array_split(np.arange(COUNT), 3)]
    for kind in ("tally", "null"):
        merged = getattr(parts[0], kind).merge(getattr(parts[1], kind)).merge(
            getattr(parts[2], kind))
        for a, b in zip(merged, getattr(result, kind)):
            np.testing.assert_array_equal(a, b)


def test_detection_frequency_is_that_of_the_chosen_units(data, color_model, levels, result):
    with pytest.raises(ValueError, match="dissected without chosen units"):
        result.detection_frequency()
    green = dissection.dissect(color_model, ["colors"], data, levels, chosen={"colors": [1]},
                               null=False)["colors"]
    top = green.most_frequent("object")
    assert top[0][0].name == "green thing" and top[0][1] == 1.0
    assert green.most_frequent("object", count=1) == top[:1]
    assert green.categories() == ["object", "part"]
    rows = frequency_rows("colors", green)
    assert [row[1:4] for row in rows] == [["object", "green thing", 9], ["object", "red thing", 14],
                                          ["part", "left", 14]]
    # f_d by hand: images in which the mask of unit 1, enlarged, overlaps the label by 0.04
    for _, _, name, images, detected, frequency in rows:
        number = next(n for n, label, _ in LABELS if label == name)
        hits = 0
        for index, path in enumerate(data.stimuli):
            image = cv2.imread(str(path))[..., ::-1].astype(np.float32)
            maps = next(iter(activations(color_model, ["colors"], [image[None]])))["colors"]
            mask = cv2.resize(maps[0, ..., 1].numpy(), SIZE[::-1]) > levels["colors"][1]
            label = data.labels(index).pixels[0] == number
            hits += (mask & label).sum() > 0.04 * (mask | label).sum()
        assert (detected, frequency) == (hits, hits / images)
    none = dissection.dissect(color_model, ["colors"], data, levels, chosen={"colors": []},
                              null=False)["colors"]
    assert none.detection_frequency().tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="null=True"):
        none.null_iou()


def test_labels_of_whole_images_count_all_pixels():
    labels = dissection.Labels((2, 3), [], [7])
    active = dissection.ActivePixels(np.array([0, 0, 1]), np.array([1, 4, 5]))
    tally = dissection.count_overlaps(active, 2, labels, np.array([1] * 7 + [0]),
                                      np.ones((1, 1), bool))
    assert tally.labels.tolist() == [6] and tally.both.tolist() == [[2], [1]]
    assert tally.units_in.tolist() == [[2], [1]]


def test_unreadable_labels_are_named(data, color_model, levels, tmp_path):
    import dataclasses
    bad = tmp_path / "bad.png"
    bad.write_text("none")
    broken = dataclasses.replace(data, label_files=(*data.label_files[:-1], [bad]))
    with pytest.raises(DatasetError, match="unreadable image .*bad.png"):
        dissection.dissect(color_model, ["colors"], broken, levels)


def test_the_sizes_of_all_images_are_counted_once(data, color_model, monkeypatch):
    """The cells of a whole dataset, also for a shard of it, in steps of its few sizes."""
    sizes = [(64, 96), (40, 90), (90, 40)] * 4 + [(64, 96)] * 2
    mixed = replace(data, image_sizes=tuple(sizes))
    cells = sum(np.count_nonzero(dissection._shown(size, (64, 96), (16, 24), "pad"))
                for size in sizes)
    seen, shown = [], dissection._shown
    monkeypatch.setattr(dissection, "_shown", lambda size, *rest: (
        seen.append(size), shown(size, *rest))[1])
    sketch = dissection.find_thresholds(color_model, ["colors"], mixed, indices=[0, 1])["colors"]
    assert sketch.total == cells and cells < COUNT * 16 * 24
    assert sorted(seen) == sorted([*set(sizes), (64, 96), (40, 90)])
