from pathlib import Path

import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.datasets import dutomron
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.training import fit

REPOSITORY = Path(__file__).resolve().parents[2]

# (x, y, observer from 1); the row of observer 0 is (width, height) and need not come first.
TABLES = {
    "im005": [[60, 40, 0], [3, 4, 2], [59, 39, 1], [0, 0, 2]],
    "im010": [[7, 8, 4], [60, 40, 0], [60, 1, 4]],
    "sun_aaa": [[60, 40, 0]],
}


@pytest.fixture
def root(tmp_path, write_image, write_mat):
    for name, table in TABLES.items():
        write_image(tmp_path / "DUT-OMRON-image" / f"{name}.jpg")
        write_mat(tmp_path / "DUT-OMRON-eye-fixations/mat" / f"{name}.mat",
                  s=np.array(table, np.uint16))
    # macOS leaves such files in the published archive.
    (tmp_path / "DUT-OMRON-image" / "._im005.jpg").write_bytes(b"mac")
    (tmp_path / "DUT-OMRON-eye-fixations/mat" / "._im005.mat").write_bytes(b"mac")
    return tmp_path


def test_reads_the_published_layout(root):
    dataset = dutomron.load(root)
    assert dataset.names == ("im005", "im010", "sun_aaa")
    assert [p.stem for p in dataset.stimuli] == list(dataset.names)
    assert dataset.sizes.tolist() == [[40, 60]] * 3
    assert dataset.edition == "DUT-OMRON 2013" and dataset.pixels_per_dva is None
    assert dataset.fixations.of(0).tolist() == [[59, 39], [3, 4], [0, 0]]
    assert dataset.fixations.of(1).tolist() == [[7, 8]]
    assert dataset.fixations.of(2).tolist() == []
    assert dataset.fixations.observer.tolist() == [0, 1, 1, 3]
    assert dataset.fixations.dropped.tolist() == [0, 1, 0]
    assert dutomron.load(root, pixels_per_dva=16).pixels_per_dva == 16


def test_missing_folders_and_partners_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*DUT-OMRON-image/"):
        dutomron.load(tmp_path / "nowhere")
    (root / "DUT-OMRON-eye-fixations/mat/im010.mat").unlink()
    with pytest.raises(DatasetError, match="no fixation file in .*mat for im010.jpg"):
        dutomron.load(root)
    (root / "DUT-OMRON-image/im010.jpg").unlink()
    assert dutomron.load(root).names == ("im005", "sun_aaa")
    (root / "DUT-OMRON-eye-fixations/mat").rename(root / "mat")
    with pytest.raises(DatasetError, match="no folder .*DUT-OMRON-eye-fixations/mat"):
        dutomron.load(root)


@pytest.mark.parametrize("table,message", [
    ([[60, 41, 0], [1, 1, 1]], r"im010.mat .41x60, stimulus 40x60"),
    ([[1, 1, 1]], "im010.mat: 0 rows of observer 0"),
    ([[1, 1], [2, 2]], "im010.mat: 3 columns of numbers"),
    ([[np.nan, 40, 0], [1, 1, 1]], r"im010.mat .40xnan, stimulus 40x60"),
    ([[60, 40, 0], [1, 1, np.nan]], "im010.mat: observers are numbered from 1 .*, not nan"),
    ([[60, 40, 0], [1, 1, 1e300], [1, 1, 1.5]], "from 1 to at most 1000000, not 1.5, 1e[+]300"),
])
def test_malformed_tables_are_named(root, write_mat, table, message):
    write_mat(root / "DUT-OMRON-eye-fixations/mat/im010.mat", s=np.array(table))
    with pytest.raises(DatasetError, match=message):
        dutomron.load(root)


def test_unreadable_files_are_named(root):
    (root / "DUT-OMRON-eye-fixations/mat/im010.mat").write_bytes(b"")
    with pytest.raises(DatasetError, match="cannot read .*im010.mat"):
        dutomron.load(root)
    (root / "DUT-OMRON-image/im005.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="unreadable images: .*im005.jpg"):
        dutomron.load(root)


def test_the_published_config_trains_on_a_tiny_copy(root, tmp_path):
    """Its blur is known, though the viewing distance is not."""
    config = configs.load(REPOSITORY / "configs" / "msi_net_dutomron.yaml", [
        f"data.root={root}", f"output={tmp_path / 'runs'}", "data.canvas=[32, 48]",
        "data.split_seed=0",  # the stimulus without fixations trains
        "model.encoder_weights=null", "model.options={width_multiplier: 0.02}", "train.epochs=1"])
    run = fit.train(config, log=lambda line: None)
    assert run.finished and run.section.spec.sigma == 16 and np.isfinite(run.rows[0]["loss"])
