"""Labelled images: Broden's published layout and plain folders."""
import csv

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_saliency.datasets.concepts import Concept, load_concepts
from keras_saliency.datasets.dataset import DatasetError


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def broden(tmp_path):
    """Two images; the first with objects, two layers of parts and a scene, the second bare."""
    images = tmp_path / "images" / "set"
    images.mkdir(parents=True)
    for name in ("a", "b"):
        cv2.imwrite(str(images / f"{name}.jpg"), np.full((40, 60, 3), 90, np.uint8))
    labels = np.zeros((20, 30), int)
    labels[:10], labels[10:, :5] = 1, 300  # 300 needs the green channel
    for name, values in (("a_object", labels), ("a_part_1", (labels == 1) * 2),
                         ("a_part_2", (labels == 300) * 2)):
        rgb = np.stack([values % 256, values // 256, np.zeros_like(values)], -1)
        Image.fromarray(rgb.astype(np.uint8)).save(images / f"{name}.png")
    write_csv(tmp_path / "index.csv",
              ["image", "split", "ih", "iw", "sh", "sw", "object", "part", "scene"],
              [["set/a.jpg", "train", 40, 60, 20, 30, "set/a_object.png",
                "set/a_part_1.png;set/a_part_2.png", "4"],
               ["set/b.jpg", "val", 40, 60, 20, 30, "", "", "4;5"]])
    write_csv(tmp_path / "category.csv", ["name", "first", "last"],
              [["object", 1, 300], ["part", 2, 2], ["scene", 4, 5]])
    write_csv(tmp_path / "label.csv", ["number", "name", "category", "frequency"],
              [[0, "-", "", 0], [1, "sky", "object(1)", 1], [2, "leg", "part(2);object(1)", 2],
               [4, "beach", "scene(2)", 2], [5, "street", "scene(1)", 1],
               [300, "dog", "object(1)", 1]])
    for category, rows in (("object", [(1, "sky"), (300, "dog")]), ("part", [(2, "leg")]),
                           ("scene", [(4, "beach"), (5, "street")])):
        write_csv(tmp_path / f"c_{category}.csv", ["code", "number", "name"],
                  [[i + 1, *row] for i, row in enumerate(rows)])
    return tmp_path


def test_broden(broden):
    data = load_concepts(broden)
    assert len(data) == 2 and data.name == "broden" and data.edition == broden.name
    assert data.categories == ["object", "part", "scene"]
    assert data.concepts[2] == Concept(2, "leg", "part")
    assert data.image_sizes == ((40, 60),) * 2 and data.sizes == ((20, 30),) * 2
    labels = data.labels(0)
    assert labels.scalars == [4] and labels.size == (20, 30)
    objects, *parts = labels.pixels
    assert (objects[:10] == 1).all() and (objects[10:, :5] == 300).all() and len(parts) == 2
    assert data.labels(1) == ((20, 30), [], [4, 5])
    assert [p.name for p in load_concepts(broden, split="val").stimuli] == ["b.jpg"]


def test_a_folder_of_label_pictures(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    cv2.imwrite(str(tmp_path / "images" / "x.jpg"), np.zeros((12, 16, 3), np.uint8))
    values = np.zeros((12, 16), np.uint8)
    values[:, 8:] = 3
    picture = Image.fromarray(values, mode="P")
    picture.putpalette(list(range(256)) * 3)
    picture.save(tmp_path / "labels" / "x.png")
    data = load_concepts(tmp_path)
    assert list(data.concepts.values()) == [Concept(3, "3", "object")]
    np.testing.assert_array_equal(data.labels(0).pixels[0], values)
    write_csv(tmp_path / "labels.csv", ["number", "name", "category"],
              [[3, "face", "part"], [4, "car", ""]])
    data = load_concepts(tmp_path)
    assert list(data.concepts.values()) == [Concept(3, "face", "part"), Concept(4, "car", "object")]


def test_what_is_wrong_is_named(broden, tmp_path):
    (broden / "images" / "set" / "a_part_2.png").unlink()
    with pytest.raises(DatasetError, match="files that are not there: .*a_part_2.png"):
        load_concepts(broden)
    Image.new("L", (5, 5)).save(broden / "images" / "set" / "a_part_2.png")
    with pytest.raises(DatasetError, match="a_part_2.png is 5x5, expected 20x30"):
        load_concepts(broden).labels(0)
    Image.new("L", (30, 20), 77).save(broden / "images" / "set" / "a_part_2.png")
    with pytest.raises(DatasetError, match="a_part_2.png has labels 77, which are not in"):
        load_concepts(broden).labels(0)
    (broden / "images" / "set" / "a_part_2.png").write_text("none")
    with pytest.raises(DatasetError, match="unreadable image .*a_part_2.png"):
        load_concepts(broden).labels(0)
    with pytest.raises(DatasetError, match="no images of split 'test'"):
        load_concepts(broden, split="test")
    (broden / "category.csv").write_text("title\nobject\n")
    with pytest.raises(DatasetError, match="category.csv has no column name; it has title"):
        load_concepts(broden)
    (broden / "index.csv").unlink()
    with pytest.raises(DatasetError, match="no folder .*labels; expected index.csv"):
        load_concepts(broden)
    with pytest.raises(DatasetError, match="no folder .*elsewhere"):
        load_concepts(broden / "elsewhere")


@pytest.mark.parametrize("file", ["a.jpg", "a_part_2.png"])
def test_pictures_that_claim_too_much_are_named(broden, bomb, file):
    (broden / "images" / "set" / file).write_bytes(bomb())
    with pytest.raises(DatasetError, match=f"{file}: 30000x30000 are 900000000 pixels, more than"):
        load_concepts(broden).labels(0)


@pytest.mark.parametrize("file, before, after, message", [
    ("index.csv", "40,60,20,30", "40,60,0,30", "set/a.jpg has a size of 0x30; expected from 1"),
    ("index.csv", "40,60,20,30", "40,60,200000,300000", "has a size of 200000x300000; expected"),
    ("index.csv", "40,60,20,30", "40,60,-20,30", "index.csv: '-20' is not a whole number"),
    ("label.csv", "300,dog", "many,dog", "label.csv: 'many' is not a whole number"),
    ("c_part.csv", "1,2,leg", "1,,leg", "c_part.csv: '' is not a whole number")])
def test_tables_with_other_numbers_are_named(broden, file, before, after, message):
    text = (broden / file).read_text()
    assert before in text
    (broden / file).write_text(text.replace(before, after, 1))
    with pytest.raises(DatasetError, match=message):
        load_concepts(broden)


def test_labels_of_no_list_are_named(broden):
    text = (broden / "index.csv").read_text().replace("4;5", "4;9")
    (broden / "index.csv").write_text(text)
    with pytest.raises(DatasetError, match="index.csv has labels 9, which label.csv"):
        load_concepts(broden)
