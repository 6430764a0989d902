import numpy as np
import pytest
from PIL import Image

from keras_saliency.datasets import mit1003
from keras_saliency.datasets.dataset import DatasetError

NAMES = ("i05june05_static_street_boston_p1010764", "i1001", "i1001_b")
SIZES = {NAMES[0]: (40, 64), NAMES[1]: (48, 32), NAMES[2]: (40, 40)}
POINTS = {NAMES[0]: [(3, 4), (60, 39)], NAMES[1]: [(31, 0)], NAMES[2]: []}


def trace(*places):
    """Gaze at 240 Hz: half a second at each place, with jumps of 6 samples between."""
    gaze = [np.repeat([places[0]], 120, axis=0)]
    for start, stop in zip(places, places[1:]):
        steps = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, 7) / 7)[:, None]
        gaze += [np.array(start) + steps * (np.array(stop) - start),
                 np.repeat([stop], 120, axis=0)]
    return np.concatenate(gaze).astype(float)


@pytest.fixture
def root(tmp_path, write_image, write_mask, write_mat):
    maps = tmp_path / "ALLFIXATIONMAPS"
    for name in NAMES:
        write_image(tmp_path / "ALLSTIMULI" / f"{name}.jpeg", SIZES[name])
        write_mask(maps / f"{name}_fixPts.jpg", POINTS[name], SIZES[name])
        write_mask(maps / f"{name}_fixMap.jpg", [(5, 5)], SIZES[name])
        for person in ("CNG", "ajs"):
            # Outside, inside, inside: 400 px apart, so that the jumps count as saccades.
            gaze = trace((900, 10), (500, 10), (20, 30), (500, 10), (12, 14))
            struct = {"imgName": f"{name}.jpeg", "DATA": {"eyeData": gaze}}
            write_mat(tmp_path / "DATA" / person / f"{name}.mat", **{name[:31]: struct})
    # A stray file of the published archive, without the underscore.
    write_mask(maps / f"{NAMES[0]}fixPts.jpg", [(1, 1)], SIZES[NAMES[0]])
    return tmp_path


def test_reads_the_published_layout(root, rows):
    dataset = mit1003.load(root)
    assert dataset.names == NAMES and dataset.edition == "MIT1003 2009"
    assert [p.suffix for p in dataset.stimuli] == [".jpeg"] * 3
    assert [tuple(s) for s in dataset.sizes] == [SIZES[n] for n in NAMES]
    assert [p.name for p in dataset.density_files] == [f"{n}_fixMap.jpg" for n in NAMES]
    assert dataset.pixels_per_dva == 35
    for i, name in enumerate(NAMES):
        assert rows(dataset, i) == sorted(POINTS[name])
    assert (dataset.fixations.observer == -1).all()
    assert mit1003.load(root, use_density=False).density_files is None


def test_grays_of_jpeg_compression_are_no_fixations(root):
    # Blocks of 8x8 survive JPEG exactly.
    grays = np.zeros((48, 32), np.uint8)
    grays[8:16, 8:16], grays[16:24, 16:24] = 120, 136
    Image.fromarray(grays).save(root / "ALLFIXATIONMAPS" / "i1001_fixPts.jpg", quality=100)
    points = mit1003.load(root).fixations.of(1)
    assert len(points) == 64 and points.min() == 16 and points.max() == 23


def test_eye_data_gives_observers_and_leaves_out_the_first_fixation(root):
    dataset = mit1003.load(root, observers=True)
    assert dataset.edition == "MIT1003 2009 eye data"
    # Of five fixations the first is left out, two lie outside the image.
    assert dataset.fixations.dropped.tolist() == [4, 4, 4]
    assert dataset.fixations.of(0).tolist() == [[20, 30], [12, 14]] * 2
    assert dataset.fixations.observer.tolist() == [0, 0, 1, 1] * 3
    assert (np.abs(dataset.fixations.duration - 500) < 40).all()


def test_missing_folders_and_partners_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere"):
        mit1003.load(tmp_path / "nowhere")
    (root / "DATA" / "ajs" / "i1001.mat").unlink()
    with pytest.raises(DatasetError, match="no eye data .*ajs/i1001.mat"):
        mit1003.load(root, observers=True)
    (root / "ALLFIXATIONMAPS" / "i1001_fixPts.jpg").unlink()
    with pytest.raises(DatasetError, match="no fixPts picture in .* for i1001.jpeg"):
        mit1003.load(root)
    (root / "ALLSTIMULI" / "i1001.jpeg").unlink()
    with pytest.raises(DatasetError, match="without a stimulus: i1001"):
        mit1003.load(root)
    (root / "ALLFIXATIONMAPS").rename(root / "maps")
    with pytest.raises(DatasetError, match="no folder .*ALLFIXATIONMAPS; .* holds .*maps"):
        mit1003.load(root)


@pytest.mark.parametrize("ending", ["fixMap", "fixPts"])
def test_pictures_of_another_size_and_unreadable_ones_are_named(root, write_mask, ending):
    file = root / "ALLFIXATIONMAPS" / f"i1001_{ending}.jpg"
    write_mask(file, size=(32, 48))
    with pytest.raises(DatasetError, match=f"i1001_{ending}.jpg .32x48, stimulus 48x32"):
        mit1003.load(root)
    file.write_bytes(b"")
    with pytest.raises(DatasetError, match=f"unreadable images: .*i1001_{ending}.jpg"):
        mit1003.load(root)


def test_malformed_eye_data_is_named(root, write_mat):
    file = root / "DATA" / "CNG" / "i1001.mat"
    write_mat(file, i1001={"DATA": {"eyeData": np.zeros((5, 3))}})
    with pytest.raises(DatasetError, match="CNG/i1001.mat: 2 columns of numbers"):
        mit1003.load(root, observers=True)
    write_mat(file, i1001={"data": 1})
    with pytest.raises(DatasetError, match="CNG/i1001.mat: no field 'DATA', only data"):
        mit1003.load(root, observers=True)
    write_mat(file, a=1, b=2)
    with pytest.raises(DatasetError, match="one variable expected in .*i1001.mat, not 2 .a, b"):
        mit1003.load(root, observers=True)
