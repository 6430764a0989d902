"""Files of areas: tables, JSON, pictures of labels."""
import json

import cv2
import numpy as np
import pytest

from keras_saliency.areas.files import read_areas
from keras_saliency.files import InputError

SIZE = (20, 30)


def test_table(tmp_path):
    path = tmp_path / "areas.csv"
    path.write_text("area, left,top,right,bottom,picture,share\nlogo,0,0,5,5,,1\n"
                    "'=cup,1,2,3.5,4,photo.jpg,\nlogo,9,9,10,10,photo.jpg,\n(rest),,,,,photo.jpg,0.2\n"
                    ",,,,,,\n")
    areas = read_areas(path)
    assert areas.of("folder/photo.jpg", SIZE) == {"logo": [9, 9, 10, 10], "=cup": [1, 2, 3.5, 4]}
    assert areas.of("other.png", SIZE) == {"logo": [0, 0, 5, 5]}
    assert areas.unused(["other.png"]) == ["photo.jpg"] and areas.unused(["a/photo.jpg"]) == []


def test_json(tmp_path):
    path = tmp_path / "areas.json"
    path.write_text(json.dumps({"photo": {"logo": [[0, 0], [4, 0], [0, 4]]}}))
    areas = read_areas(path)
    assert areas.of("photo.jpg", SIZE) == {"logo": [[0, 0], [4, 0], [0, 4]]}
    with pytest.raises(InputError, match="areas.json: no areas of other.jpg"):
        areas.of("other.jpg", SIZE)


def test_labels(tmp_path):
    labels = np.zeros(SIZE, np.uint8)
    labels[:5] = 3
    (tmp_path / "labels").mkdir()
    cv2.imwrite(str(tmp_path / "labels" / "photo.png"), labels)
    areas = read_areas(tmp_path / "labels")
    np.testing.assert_array_equal(areas.of("photo.jpg", SIZE), labels)
    with pytest.raises(InputError, match="photo.png.*20x31"):
        areas.of("photo.jpg", (20, 31))
    with pytest.raises(InputError, match="no areas of other.jpg"):
        areas.of("other.jpg", SIZE)
    everywhere = read_areas(tmp_path / "labels" / "photo.png")
    np.testing.assert_array_equal(everywhere.of("any.jpg", SIZE), labels)


@pytest.mark.parametrize("name, text, message", [
    ("areas.csv", "area,left,top,right\na,1,2,3\n", "no column bottom"),
    ("areas.csv", "", "no column area, left"),
    ("areas.csv", "area,left,top,right,bottom\n", "areas.csv: no areas"),
    ("areas.csv", "area,left,top,right,bottom\na,1,x,3,4\n", "line 2: top is 'x'"),
    ("areas.csv", "area,left,top,right,bottom\na,1,2,3\n", "line 2: bottom is ''"),
    ("areas.csv", "area,left,top,right,bottom\na,1,2,3,4\na,1,2,3,4\n",
     "line 3: a second area 'a'"),
    ("areas.csv", "area,left,top,right,bottom\n,1,2,3,4\n", "line 2: no name"),
    ("areas.csv", "area,left,top,right,bottom\n\xff,1,2,3,4\n", "not a readable CSV file"),
    ("areas.json", "[1, 2]", "must hold an object"),
    ("areas.json", "{", "cannot be read"),
    ("areas.json", "{}", "areas.json: no areas"),
    ("areas.json", '{"a": [0, 0, 1, 1], "a": [0, 0, 2, 2]}', "a second 'a'"),
    ("areas.json", '{"(rest)": [0, 0, 1, 1]}', r"cannot be called \(rest\)"),
    ("areas.json", '{"a.png": {"(repeated)": [0, 0, 1, 1]}}', r"cannot be called \(repeated\)"),
    ("areas.json", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "too deep"),
    ("areas.json", '{"a": [0, 0, 1, ' + "9" * 5000 + "]}", "cannot be read"),
    ("areas.txt", "", ".csv or .json"),
])
def test_bad_files_are_named(name, text, message, tmp_path):
    path = tmp_path / name
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=message):
        read_areas(path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="nothing.csv"):
        read_areas(tmp_path / "nothing.csv")
