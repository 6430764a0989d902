import numpy as np
import pytest
from PIL import Image

from keras_saliency.datasets import fiwi
from keras_saliency.datasets.dataset import DatasetError


@pytest.fixture(params=["", "webpage_dataset/data"])
def root(request, tmp_path, write_image, write_mask):
    base = tmp_path / request.param
    for k, name in enumerate(("amazon", "bbc", "cnn")):
        write_image(base / "stimuli" / f"{name}.png")
        write_mask(base / "all5" / f"{name}.png", [(k, 1), (59, 39)][k // 2:], value=1 + 127 * k)
    return tmp_path


def test_reads_the_published_layout(root):
    dataset = fiwi.load(root)
    assert dataset.names == ("amazon", "bbc", "cnn")
    assert [p.parent.name for p in dataset.stimuli] == ["stimuli"] * 3
    assert [p.stem for p in dataset.stimuli] == list(dataset.names)
    assert dataset.sizes.tolist() == [[40, 60]] * 3
    assert dataset.edition == "FiWI 2014" and dataset.pixels_per_dva == 26
    assert dataset.density_files is None
    assert dataset.fixations.of(0).tolist() == [[0, 1], [59, 39]]
    assert dataset.fixations.of(1).tolist() == [[1, 1], [59, 39]]
    assert dataset.fixations.of(2).tolist() == [[59, 39]]


def test_missing_folders_and_partners_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*stimuli/ and all5/"):
        fiwi.load(tmp_path / "nowhere")
    folder = next(root.rglob("all5"))
    (folder / "bbc.png").unlink()
    with pytest.raises(DatasetError, match="no fixation mask in .*all5 for bbc.png"):
        fiwi.load(root)
    folder.rename(folder.parent / "all4")
    with pytest.raises(DatasetError, match="no folder all5/ in or below"):
        fiwi.load(root)


def test_several_folders_of_one_name_are_refused(tmp_path, write_image):
    write_image(tmp_path / "a" / "stimuli" / "x.png")
    write_image(tmp_path / "b" / "stimuli" / "x.png")
    with pytest.raises(DatasetError, match="several folders stimuli/.*a/stimuli, .*b/stimuli"):
        fiwi.load(tmp_path)


def test_wrong_files_are_named(root, write_mask):
    mask = next(root.rglob("all5")) / "cnn.png"
    write_mask(mask, size=(40, 66))
    with pytest.raises(DatasetError, match="cnn.png .40x66, stimulus 40x60"):
        fiwi.load(root)
    Image.fromarray(np.random.RandomState(0).randint(0, 255, (40, 60), np.uint8)).save(mask)
    contents = mask.read_bytes()  # the header is fine, the pixels are damaged
    mask.write_bytes(contents[:200] + bytes(100) + contents[300:])
    with pytest.raises(DatasetError, match="unreadable image .*cnn.png"):
        fiwi.load(root)
    (next(root.rglob("stimuli")) / "bbc.png").write_bytes(b"")
    with pytest.raises(DatasetError, match="unreadable images: .*bbc.png"):
        fiwi.load(root)
