"""OSIE-SR in its published layout: arrays or pictures, one category per region."""
import numpy as np
import pytest
from PIL import Image

from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.region_labels import CATEGORIES, load_regions

SIZE = (20, 30)


@pytest.fixture
def folder(tmp_path):
    """Stimulus 1001 as arrays, 1002 as pictures; a head at the left, a text at the right."""
    instances, kinds = np.zeros(SIZE, np.int32), np.zeros(SIZE, np.int32)
    instances[2:6, 2:8], kinds[2:6, 2:8] = 1, 1
    instances[10:15, 20:25], kinds[10:15, 20:25] = 2, 37
    for name, labels in (("SegmentationObject", instances), ("SegmentationClass", kinds)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "1001.npy", labels)
        picture = Image.fromarray(labels.astype(np.uint8), mode="P")
        picture.putpalette(list(range(256)) * 3)
        picture.save(tmp_path / name / "1002.png")
    return tmp_path


@pytest.mark.parametrize("name", ["1001", "1002"])
def test_regions_have_their_category_and_mask(folder, name):
    head, text = load_regions(folder, ["1000", "1001", "1002"]).regions(name, SIZE)
    assert (head.category, text.category) == ("person head", "text")
    assert head.mask.sum() == 24 and text.mask[10:15, 20:25].all() and text.mask.sum() == 25
    assert len(CATEGORIES) == 12


def test_an_array_goes_before_a_picture_and_void_is_background(folder):
    void = np.full(SIZE, 255, np.uint8)
    Image.fromarray(void).save(folder / "SegmentationObject" / "1001.png")
    labels = load_regions(folder, ["1001"])
    assert len(labels.regions("1001", SIZE)) == 2
    (folder / "SegmentationObject" / "1001.npy").unlink()
    assert load_regions(folder, ["1001"]).regions("1001", SIZE) == []


def test_instances_alone_are_unlabelled(tmp_path):
    labels = np.zeros(SIZE, np.int32)
    labels[3:5] = 4
    np.save(tmp_path / "1023.npy", labels)
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(tmp_path / "1023.png")  # its fixations
    region, = load_regions(tmp_path, ["1023"]).regions("1023", SIZE)
    assert region.category == "unlabelled" and region.mask.sum() == 60


def test_the_published_sample(osie_sr_sample):
    regions = load_regions(osie_sr_sample, ["1022", "1023"]).regions("1023", (600, 800))
    assert [int(r.mask.sum()) for r in regions] == [16081, 9057, 7418, 6732, 4646]


def test_labels_that_claim_too_much_are_named(folder, bomb):
    labels = load_regions(folder, ["1001", "1002"])
    (folder / "SegmentationObject" / "1002.png").write_bytes(bomb())
    with pytest.raises(DatasetError, match="1002.png: 30000x30000 are 900000000 pixels"):
        labels.regions("1002", SIZE)
    with open(folder / "SegmentationObject" / "1001.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<i8", "fortran_order": False, "shape": (1000000, 1000000)})
    with pytest.raises(DatasetError, match="1001.npy: 0 bytes of numbers, not those of int64"):
        labels.regions("1001", SIZE)


def test_what_is_wrong_is_named(folder, tmp_path):
    labels = load_regions(folder, ["1001"])
    with pytest.raises(DatasetError, match=r"1001.npy holds int32 \[20, 30\]; expected whole"):
        labels.regions("1001", (30, 20))
    kinds = np.load(folder / "SegmentationClass" / "1001.npy")
    for value, found in ((2, r"\[2\]"), (0, r"\[\]")):
        kinds[2:6, 2:8] = value
        np.save(folder / "SegmentationClass" / "1001.npy", kinds)
        with pytest.raises(DatasetError, match=f"region 1 has categories {found} in .*1001.npy"):
            labels.regions("1001", SIZE)
    (folder / "SegmentationObject" / "1001.npy").write_bytes(b"no array")
    with pytest.raises(DatasetError, match="unreadable labels .*1001.npy"):
        labels.regions("1001", SIZE)
    (folder / "SegmentationClass" / "1002.png").unlink()
    with pytest.raises(DatasetError, match="no categories in .*SegmentationClass for 1002"):
        load_regions(folder, ["1002"])
    with pytest.raises(DatasetError, match="labels of no stimulus, for instance of 7"):
        load_regions(folder, ["7"])
    with pytest.raises(DatasetError, match="no folder .*elsewhere"):
        load_regions(folder / "elsewhere", ["1001"])
