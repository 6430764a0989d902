import os

import numpy as np
import pytest
from PIL import Image

from keras_saliency.datasets import folder, load_dataset, reading
from keras_saliency.datasets.dataset import DatasetError

# "a-1" sorts after "a", although "a-1.jpg" sorts before "a.png".
NAMES = ("a", "a-1", "b")


@pytest.fixture
def root(tmp_path, write_image, write_mask):
    for name, suffix in zip(NAMES, ("png", "jpg", "JPG")):
        write_image(tmp_path / "stimuli" / f"{name}.{suffix}")
        write_mask(tmp_path / "density" / f"{name}.png", [(3, 3)])
        write_mask(tmp_path / "fixations" / f"{name}.png", [(5, 6)], value=1)
    return tmp_path


def test_reads_both(root):
    dataset = folder.load(root, pixels_per_dva=30)
    assert dataset.names == NAMES and dataset.name == "folder"
    assert [p.name for p in dataset.stimuli] == ["a.png", "a-1.jpg", "b.JPG"]
    assert [p.name for p in dataset.density_files] == ["a.png", "a-1.png", "b.png"]
    assert dataset.sizes.tolist() == [[40, 60]] * 3
    assert [dataset.fixations.of(i).tolist() for i in range(3)] == [[[5, 6]]] * 3
    assert dataset.pixels_per_dva == 30 and dataset.edition == root.name
    assert folder.load(root, edition="mine 2").edition == "mine 2"


def test_either_is_enough_and_names_may_differ(root):
    (root / "density").rename(root / "maps")
    assert folder.load(root).density_files is None
    assert len(folder.load(root, density="maps").density_files) == 3
    (root / "fixations").rename(root / "points")
    dataset = folder.load(root, density="maps")
    assert dataset.fixations is None and len(dataset.density_files) == 3
    assert folder.load(root, fixations="points", density=None).density_files is None
    with pytest.raises(DatasetError, match="holds neither density/.* nor fixations/"):
        folder.load(root)


@pytest.mark.parametrize("mode,value", [
    ("1", 1), ("L", 1), ("RGB", (0, 0, 1)), ("RGBA", (1, 0, 0, 0)), ("LA", (1, 0)),
    ("I;16", 256), ("P", 2)])
def test_a_mask_of_any_kind(root, mode, value):
    mask = Image.new(mode, (60, 40))
    if mode == "RGBA":  # opacity is no fixation
        mask.paste((0, 0, 0, 255), (0, 0, 60, 40))
    if mode == "P":  # index 1 is black as well: the colour counts, not the index
        mask.putpalette([0, 0, 0, 0, 0, 0, 0, 0, 9])
        mask.putpixel((1, 1), 1)
    mask.putpixel((5, 6), value)
    mask.putpixel((59, 39), value)
    mask.save(root / "fixations" / "b.png")
    assert folder.load(root).fixations.of(2).tolist() == [[5, 6], [59, 39]]


def test_an_empty_mask_has_no_fixations(root, write_mask):
    write_mask(root / "fixations" / "b.png")
    dataset = folder.load(root)
    assert dataset.fixations.of(2).shape == (0, 2) and len(dataset.fixations) == 2


def test_missing_and_left_over_files_are_named(root, tmp_path, write_mask):
    with pytest.raises(DatasetError, match="no folder .*nowhere"):
        folder.load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no folder .*pictures; .* holds density"):
        folder.load(root, stimuli="pictures")
    write_mask(root / "fixations" / "c.png")
    with pytest.raises(DatasetError, match="fixation mask in .* without a stimulus: c"):
        folder.load(root)
    (root / "density" / "a-1.png").unlink()
    with pytest.raises(DatasetError, match="no density picture in .*density for a-1.jpg"):
        folder.load(root)


def test_names_must_be_unique(root, write_mask, write_image):
    write_mask(root / "density" / "b.jpg")
    with pytest.raises(DatasetError, match="more than one density picture in .* for b"):
        folder.load(root)
    write_image(root / "stimuli" / "b.png")
    with pytest.raises(DatasetError, match="two images with one name in .*: b.png"):
        folder.load(root)


def test_an_empty_folder_is_refused(root):
    for file in (root / "stimuli").iterdir():
        file.unlink()
    with pytest.raises(DatasetError, match="no images .* in .*stimuli"):
        folder.load(root)


@pytest.mark.parametrize("part", ["density", "fixations"])
def test_wrong_files_are_named(root, write_mask, part):
    write_mask(root / part / "b.png", size=(60, 40))
    with pytest.raises(DatasetError, match=f"{part}/b.png .60x40, stimulus 40x60"):
        folder.load(root)
    (root / part / "b.png").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match=f"unreadable images: .*{part}/b.png"):
        folder.load(root)


@pytest.mark.parametrize("file", ["stimuli/a.png", "density/b.png", "fixations/b.png"])
def test_a_picture_that_claims_too_much_is_named(root, bomb, file):
    (root / file).write_bytes(bomb())
    with pytest.raises(DatasetError, match=f"{file}: 30000x30000 are 900000000 pixels, more than"):
        folder.load(root)


def test_a_mask_that_grows_after_its_size_was_read(root, bomb, monkeypatch):
    monkeypatch.setattr(reading, "require_sizes", lambda *_: None)
    (root / "fixations" / "b.png").write_bytes(bomb())
    with pytest.raises(DatasetError, match="folder: unreadable image .*fixations/b.png: 30000x"):
        folder.load(root)


def test_a_pipe_is_no_picture(root):
    (root / "stimuli" / "a.png").unlink()
    os.mkfifo(root / "stimuli" / "a.png")
    with pytest.raises(DatasetError, match="stimuli/a.png: not a regular file"):
        folder.load(root)


def test_options_of_another_type_are_named(root):
    for option, value, message in (("stimuli", None, "a folder in .* has no name"),
                                   ("stimuli", ["a"], "data.options.stimuli must be text"),
                                   ("pixels_per_dva", "far", "pixels_per_dva must be above 0"),
                                   ("pixels_per_dva", -3, "pixels_per_dva must be above 0"),
                                   ("pixels_per_dva", float("nan"), "must be above 0 and fin"),
                                   ("stimulus", "a", "no option 'stimulus'")):
        with pytest.raises(DatasetError, match=message):
            load_dataset("folder", root, **{option: value})
    with pytest.raises(DatasetError, match="use_density must be true or false, not 'no'"):
        load_dataset("mit1003", root, use_density="no")
    (root / "stimuli").rename(root / "3")  # a name that is a number to YAML
    assert len(load_dataset("folder", root, stimuli=3, edition=2024)) == 3


def test_an_unreadable_stimulus_is_named(root):
    (root / "stimuli" / "a.png").write_bytes(np.arange(50, dtype=np.uint8).tobytes())
    with pytest.raises(DatasetError, match="unreadable images: .*stimuli/a.png"):
        folder.load(root)


def test_what_is_left_out_is_noted(root):
    assert folder.load(root).notes == ()
    for name in ("._a.png", "c.heic", "d.gif", "table.csv"):
        (root / "stimuli" / name).write_bytes(b"x")
    dataset = folder.load(root)
    assert dataset.names == NAMES
    assert f"{root}/stimuli: left out 1 .gif, 1 .heic (c.heic, d.gif); the types" in (
        dataset.summary())


HEADER = "stimulus,observer,x,y,start,end"


@pytest.fixture
def table(root):
    """Write fixations.csv in place of the masks."""
    for file in (root / "fixations").iterdir():
        file.unlink()
    (root / "fixations").rmdir()

    def write(*rows, header=HEADER, name="fixations.csv", encoding="utf-8"):
        (root / name).write_text("\n".join((header, *rows)) + "\n", encoding=encoding)
        return root
    return write


def test_a_table_of_fixations(table):
    root = table("a-1.jpg,Zoe,5.5,6,0.1,0.35", "a,Ann,1,2,0,0.2", "a-1,Ann,3,4,1,1.5",
                 "b.JPG,Zoe,59.9,39.9,0,0", "b,Ann,60,3,0,1", "b,Ann,nan,3,0,1")
    fixations = folder.load(root, density=None).fixations
    assert [fixations.of(i).tolist() for i in range(3)] == [
        [[1, 2]], [[3, 4], [5.5, 6]], [[59.9, 39.9]]]
    assert fixations.observer.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(fixations.duration, [200, 500, 250, 0], rtol=1e-5)
    assert fixations.dropped.tolist() == [0, 0, 2]


def test_a_table_without_times_with_more_columns_and_in_another_order(table):
    root = table("3,b,0,7,old", "2,a,1,8,young", header=" y , stimulus,x, observer,age",
                 encoding="utf-8-sig")
    fixations = folder.load(root).fixations
    assert [fixations.of(i).tolist() for i in range(3)] == [[[1, 2]], [], [[0, 3]]]
    assert fixations.observer.tolist() == [1, 0] and np.isnan(fixations.duration).all()
    (root / "fixations.csv").rename(root / "viewers.csv")
    assert len(folder.load(root, fixations="viewers").fixations) == 2


@pytest.mark.parametrize("rows, message", [
    (["c.png,o,1,2,0,1"], "fixations.csv: no stimulus c.png; the stimuli are a.png, a-1.jpg"),
    (["a,o,1,2,0,1", "a,o,left,2,0,1"], "fixations.csv, line 3: x is 'left', which is no number"),
    (["a,o,1"], "has fewer cells than columns in line 2"),
    (["a,o,1,2,0,1,", "a,o,1,5,2,5,0,1"], "more cells than columns in line 3; .* not a comma"),
    ([",o,1,2,0,1"], "no stimulus"),
    (["a,o,1,2,0"], "line 2: end is None, which is no number"),
    (["a,o,1,2,2,1"], "line 2: a fixation that ends before it starts"),
    (["a,o,1,2,0,inf"], "line 2: a fixation that ends before"),
])
def test_a_row_that_cannot_be_read_is_named(table, rows, message):
    with pytest.raises(DatasetError, match=message):
        folder.load(table(*rows))


@pytest.mark.parametrize("header, message", [
    ("stimulus,x,y", "has no column observer; .* expected stimulus,observer,x,y, with start"),
    ("stimulus;observer;x;y", "has no column stimulus, observer, x, y; it has stimulus;obs"),
])
def test_a_header_that_is_not_whole_is_named(table, header, message):
    with pytest.raises(DatasetError, match=message):
        folder.load(table("a,o,1,2", header=header))


def test_an_empty_or_binary_table_is_named(table):
    root = table()
    assert not folder.load(root).has_fixations
    (root / "fixations.csv").write_bytes(b"")
    with pytest.raises(DatasetError, match="fixations.csv has no column .*; it has none"):
        folder.load(root)
    (root / "fixations.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match="fixations.csv is not a readable CSV file"):
        folder.load(root)


def test_masks_and_a_table_together_are_refused(root):
    (root / "fixations.csv").write_text(HEADER)
    with pytest.raises(DatasetError, match="holds fixations/ and fixations.csv; which of them"):
        folder.load(root)


def test_blinks_are_counted_and_empty_lines_are_nothing(table):
    root = table("a,o,1,2,0,0.5", "a,o,,,0.5,0.6", "a,o,NA,3,0.6,0.7", "b,o, ,.,,", "b,p,5,6,1,",
                 ",,,,,", " , ,", "", "b,p,7,8,nan,2", ",,,,,")
    dataset = folder.load(root, density=None)
    fixations = dataset.fixations
    assert [fixations.of(i).tolist() for i in range(3)] == [[[1, 2]], [], [[5, 6], [7, 8]]]
    assert fixations.dropped.tolist() == fixations.blank.tolist() == [2, 0, 1]
    np.testing.assert_allclose(fixations.duration, [500, np.nan, np.nan], rtol=1e-6)
    assert fixations.observer.tolist() == [0, 1, 1]
    assert "3 fixations without coordinates (blank or NaN) were left out: a (2), b (1)" in (
        dataset.summary())
    assert "outside" not in dataset.summary()
