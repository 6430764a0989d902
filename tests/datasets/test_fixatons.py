"""FixaTons' layout: scanpaths by observer, published maps, the MIT1003 of the collection."""
import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.datasets import DATASETS, fixatons
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.loading import load_data

SIZES = {"a": (40, 60), "b": (60, 40), "c": (40, 60)}


@pytest.fixture
def root(tmp_path, write_image, write_mask):
    root = tmp_path / "MIT1003"
    for name, size in SIZES.items():
        write_image(root / "STIMULI" / f"{name}.jpeg", size)
        write_mask(root / "SALIENCY_MAPS" / f"{name}.jpg", [(5, 5)], size)
        for observer in ("zb", "CNG"):
            path = root / "SCANPATHS" / name / observer
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("30 20 0.0 0.2 \n3.5 4 0.3 0.55\n39 39 0.6 1.1\n99 0 1.2 1.3\n")
    return root


def test_fixations_with_observers_and_durations(root, rows):
    dataset = fixatons.load(root)
    assert dataset.names == ("a", "b", "c") and dataset.name == "mit1003"
    assert dataset.pixels_per_dva == 35 and dataset.edition == "FixaTons MIT1003"
    assert dataset.density_files[1].name == "b.jpg"
    assert rows(dataset, 1) == [(3.5, 4), (3.5, 4), (39, 39), (39, 39)]
    assert dataset.fixations.observer[:4].tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(dataset.fixations.duration[:2], [250, 500], rtol=1e-5)
    assert dataset.fixations.dropped.tolist() == [2, 2, 2]  # x = 99 is outside
    assert dataset.notes == ("3 of the 1003 published stimuli",)


def test_the_first_fixation_and_the_maps_are_options(root, rows):
    dataset = fixatons.load(root, first_fixation=True, use_density=False)
    assert (30, 20) in rows(dataset, 0) and dataset.density_files is None


def test_stimuli_of_one_size(root):
    dataset = fixatons.load(root, stimulus_size=[40, 60])
    assert dataset.names == ("a", "c") and dataset.notes == ()
    assert [path.name for path in dataset.density_files] == ["a.jpg", "c.jpg"]
    with pytest.raises(DatasetError, match=r"no stimulus of \[1, 2\].*\(40, 60\), \(60, 40\)"):
        fixatons.load(root, stimulus_size=[1, 2])
    with pytest.raises(DatasetError, match="stimulus_size is"):
        fixatons.load(root, stimulus_size=5)


def test_another_dataset_of_the_collection(root):
    other = root.rename(root.with_name("SIENA12"))
    dataset = fixatons.load(other)
    assert dataset.name == "fixatons" and dataset.pixels_per_dva is None and not dataset.notes


def test_mit1003_keeps_its_canvas_and_split(root):
    config = configs.load(None, ["data.name=fixatons", f"data.root={root}"])
    training, validation, spec = load_data(config.data)
    assert spec.canvas == DATASETS["mit1003"].canvas == (360, 360)
    assert (len(training), len(validation)) == (2, 1)  # 803 / 200 of what is there


@pytest.mark.parametrize("text, message", [
    ("1 2 3\n", "zb: row 1 has not four numbers"), ("1 2 x 4\n", "not a scanpath of numbers"),
    ("1 2 0.5 0.4\n", "ends before it starts"), ("\x00\x01", "not a scanpath of numbers"),
])
def test_a_damaged_scanpath_is_named(root, text, message):
    (root / "SCANPATHS" / "b" / "zb").write_text(text)
    with pytest.raises(DatasetError, match=message):
        fixatons.load(root)


def test_what_is_missing_is_named(root):
    (root / "SALIENCY_MAPS" / "c.jpg").unlink()
    with pytest.raises(DatasetError, match="no density map in .* for c.jpeg"):
        fixatons.load(root)
    for path in (root / "SCANPATHS" / "b").iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match="no scanpaths in .*b"):
        fixatons.load(root, use_density=False)
