"""Studies of areas: what is predicted, measured, compared, and written."""
import csv

import cv2
import numpy as np
import pytest

from keras_saliency.areas.files import read_areas
from keras_saliency.areas.study import change_rows, paired, share_rows, study_areas
from keras_saliency.files import InputError
from keras_saliency.report import area_report

BOXES = "area,left,top,right,bottom\nleft,0,0,20,40\nwide,0,0,40,40\n"


def brightness(image):
    """A density that is known: the picture's first channel."""
    return image[..., 0].astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Two pictures of 40x60, the left third of the second brighter by three, and their areas."""
    for name, level in (("a.png", 50), ("b.png", 150)):
        picture = np.full((40, 60, 3), 50, np.uint8)
        picture[:, :20] = level
        (tmp_path / "pictures").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / "pictures" / name), picture)
    (tmp_path / "areas.csv").write_text(BOXES)
    return tmp_path


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def study(folder, *names, **options):
    return study_areas(brightness, [folder / "pictures" / name for name in names],
                       read_areas(folder / "areas.csv"), **options)


def test_variants_are_ranked(folder):
    said = []
    path = area_report.write(study(folder, "a.png", "b.png"), folder / "out", "brightness",
                             log=said.append)
    rows = rows_of(folder / "out" / "areas.csv")
    share = {(row["picture"], row["area"]): float(row["share"]) for row in rows}
    assert share == pytest.approx({
        ("a.png", "wide"): 2 / 3, ("a.png", "left"): 1 / 3, ("a.png", "(rest)"): 1 / 3,
        ("a.png", "(repeated)"): -1 / 3, ("b.png", "wide"): 4 / 5, ("b.png", "left"): 3 / 5,
        ("b.png", "(rest)"): 1 / 5, ("b.png", "(repeated)"): -3 / 5})
    assert [row["rank"] for row in rows if row["area"] == "left"] == ["2", "2"]
    page = path.read_text()
    assert page.count("data:image/png") == 3 and "Ranking of the pictures" in page
    assert "a.png: share of attention" in said and "    66.7 %  wide" in said
    for name in ("figures/1_a.png", "figures/2_b.png", "variants.png", "variants.svg"):
        assert (folder / "out" / name).is_file()


def test_pictures_are_compared(folder):
    area_report.write(study(folder, "a.png", "b.png"), folder / "out", "brightness", compared=True,
                      log=lambda line: None)
    changes = rows_of(folder / "out" / "changes.csv")
    assert [(row["picture"], row["other"], row["area"]) for row in changes] == [
        ("a.png", "b.png", "left"), ("a.png", "b.png", "wide")]
    assert [float(row["change"]) for row in changes] == pytest.approx(
        [3 / 5 - 1 / 3, 4 / 5 - 2 / 3])
    assert not (folder / "out" / "variants.png").exists()


def test_measured_beside_predicted(folder):
    (folder / "fixations.csv").write_text(
        "stimulus,observer,x,y\na,one,5,5\na,one,50,5\na,two,19.9,39.9\n")
    first, second = study(folder, "a.png", "b.png", fixations=folder / "fixations.csv")
    np.testing.assert_allclose(first.shares.fixated[:, 0], [3 / 4, 3 / 4])
    assert second.shares.fixated is None  # nobody looked at it
    assert share_rows(first)[0][-3] == 3 / 4 and share_rows(second)[0][-3] is None


def test_all_is_checked_before_work_begins(folder):
    (folder / "areas.csv").write_text(BOXES.replace("area,", "picture,area,").replace(
        "left,0", "a.png,left,0").replace("wide,0", "a.png,wide,0"))
    (folder / "pictures" / "c.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="b.png: .*areas.csv: no areas of b.png"):
        next(study(folder, "a.png", "b.png"))
    with pytest.raises(InputError, match="c.png"):
        next(study(folder, "a.png", "c.png"))
    (folder / "areas.csv").write_text(BOXES + "far,90,90,99,99\n")
    with pytest.raises(InputError, match="a.png: area 'far' has no pixel inside"):
        next(study(folder, "a.png"))


def test_the_limit_can_be_raised(folder):
    with pytest.raises(InputError, match="2400 pixels, more than the limit of 2399; make it "
                                         "smaller, or raise the limit"):
        next(study(folder, "a.png", limit=2399))
    [studied] = study(folder, "a.png", limit=2400)
    np.testing.assert_allclose(studied.shares.share, [1 / 3, 2 / 3])


def test_labels_of_a_picture_of_41_megapixels(tmp_path):
    """What a picture may have, its labels may have too."""
    labels = np.zeros((6404, 6404), np.uint8)
    labels[1:3, 4:7] = 1
    cv2.imwrite(str(tmp_path / "labels.png"), labels)
    areas = read_areas(tmp_path / "labels.png")
    found = areas.of("photo.jpg", labels.shape)
    assert found.shape == labels.shape and found.sum() == 6
    with pytest.raises(InputError, match="more than the limit"):
        areas.of("photo.jpg", (40, 60))


def test_pairs_of_folders(folder):
    pictures = [folder / "a.png", folder / "b.png"]
    others = [folder / "other" / "b.jpg", folder / "other" / "a.jpg"]
    assert paired(pictures, others) == [pictures[0], others[1], pictures[1], others[0]]
    assert paired(pictures[:1], others[:1]) == [pictures[0], others[0]]
    with pytest.raises(InputError, match="picture to compare with.* b.png"):
        paired(pictures, others[1:])


def test_no_area_in_common(folder):
    (folder / "areas.csv").write_text(
        "picture,area,left,top,right,bottom\na.png,x,0,0,9,9\nb.png,y,0,0,9,9\n")
    with pytest.raises(InputError, match="a.png and b.png have no area of the same name"):
        change_rows(*study(folder, "a.png", "b.png"))


def test_fixations_that_are_left_out_are_told(folder):
    (folder / "fixations.csv").write_text("stimulus,observer,x,y\n" + "a,one,5,5\n" * 9
                                          + "a,one,60,5\nb,two,,\n")
    said = []
    first, _ = study(folder, "a.png", "b.png", fixations=folder / "fixations.csv", log=said.append)
    assert first.shares.fixated[0, 0] == 1
    assert said == [f"{folder / 'fixations.csv'}: 1 fixations outside their image were left out: "
                    "a.png (1); 1 fixations without coordinates (blank or NaN) were left out: "
                    "b.png (1)"]


def test_a_picture_with_the_longest_name(folder):
    name = "ä" * 125 + "x.png"  # 255 bytes
    (folder / "pictures" / "a.png").rename(folder / "pictures" / name)
    area_report.write(study(folder, name), folder / "out", "brightness", log=lambda line: None)
    figure, = (folder / "out" / "figures").iterdir()
    assert figure.name == "1_" + "ä" * 100 + ".png"
    assert rows_of(folder / "out" / "areas.csv")[0]["picture"] == name
