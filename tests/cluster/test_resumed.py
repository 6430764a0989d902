"""What --resume takes for done: results of the same pictures, whose files are as they were left."""
import os
import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest
from shard_tasks import brightness, darkness

from keras_saliency.cluster.archive import Tables
from keras_saliency.cluster.client import Cluster
from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.datasets.shards import _is_whole
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.files import InputError
from keras_saliency.prediction.overlay import fine_picture
from keras_saliency.prediction.prediction_files import predict_all
from keras_saliency.units.unit_scores import score_dataset


def write_picture(path, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (8, 9, 3), np.uint8)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


@pytest.fixture
def pictures(tmp_path):
    """Three shards of pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(40):
        write_picture(folder / f"{index:02d}.png", index)
    return folder


def predict(workers, pictures, function=brightness, resume=True):
    """Predict into `out` beside the pictures; return the number of files that were written."""
    out = pictures.parent / "out"
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    client = Cluster(workers.client, out / ".shards", resume)
    assert not predict_all(function, [pictures], out, client=client)
    found = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    assert len(found) == 80
    for path in sorted(pictures.iterdir()):  # every map is that of its picture, by this function
        image = cv2.imread(str(path))[..., ::-1]
        written = cv2.imread(str(out / f"{path.stem}_density.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(written, fine_picture(function(image)))
    return sum(before.get(path) != time for path, time in found.items())


def test_only_what_is_still_there_and_right_counts_as_predicted(workers, pictures, capsys):
    out = pictures.parent / "out"
    assert predict(workers, pictures, resume=False) == 80
    assert predict(workers, pictures) == 0
    (out / "03_density.png").unlink()
    assert predict(workers, pictures) == 32  # the 16 pictures of its shard
    write_picture(pictures / "20.png", 100)
    assert predict(workers, pictures) == 32
    # another network in between, and then the first one again
    assert predict(workers, pictures, darkness) == 80
    assert predict(workers, pictures) == 80
    # a shard that lost a picture
    last = max((out / ".shards").rglob("*.shard"), key=lambda path: path.stat().st_mtime_ns)
    cut = sorted(last.parent.iterdir())[1]
    cut.write_bytes(pickle.dumps(pickle.loads(cut.read_bytes())[:-3], protocol=4))
    capsys.readouterr()
    assert predict(workers, pictures) == 32
    assert "40 of 40 pictures predicted" in capsys.readouterr().out


def test_scores_belong_to_the_contents_of_stimuli(workers, planted, color_model, tmp_path):
    """Pictures in files; another picture under the same name changes the kept scores."""
    paths = [tmp_path / f"{name}.png" for name in planted.names]
    for path, contents in zip(paths, planted.stimuli):
        path.write_bytes(contents)
    dataset = replace(planted, stimuli=tuple(paths))

    def scores(resume=True):
        client = Cluster(workers.client, tmp_path / "kept", resume)
        found = score_dataset(color_model, ["colors"], dataset, label=None, client=client)
        return found["colors"].moments.mean

    first = scores(resume=False)
    np.testing.assert_array_equal(scores(), first)
    works = len(list((tmp_path / "kept").iterdir()))
    paths[0].write_bytes(planted.stimuli[1])
    second = scores()
    direct = score_dataset(color_model, ["colors"], dataset, label=None)["colors"].moments.mean
    np.testing.assert_allclose(second, direct, rtol=1e-12)
    assert np.abs(second - first).max() > 1e-3
    assert (works, len(list((tmp_path / "kept").iterdir()))) == (1, 2)


def test_an_evaluation_of_fewer_stimuli_is_made_again():
    part = np.arange(3)
    assert _is_whole(part, Evaluation(["a", "b", "c"], {"nss": np.zeros(3)}))
    assert not _is_whole(part, Evaluation(["a", "b"], {"nss": np.zeros(2)}))
    assert _is_whole(part, np.zeros(3)) and not _is_whole(part, np.zeros(2))


def test_a_table_of_fewer_pictures_is_named(tmp_path):
    pytest.importorskip("pyarrow", reason="needs keras_saliency[cluster]")
    shard = [(f"{name}.png", name) for name in "abc"]
    tables = Tables(tmp_path)
    tables.write(0, shard, {"picture": ["a.png", "b.png"], "error": ["", ""]})
    with pytest.raises(InputError, match="does not have a row for each picture.*remove it"):
        tables.read(0, shard)


def test_labelled_pictures_are_known_by_their_state(tmp_path):
    image, label = tmp_path / "image.png", tmp_path / "label.png"
    for path in (image, label):
        write_picture(path, 1)
    concepts = ConceptDataset("set", [image], {}, [(8, 9)], [(8, 9)], [[label]], [[]])
    before = concepts.contents()
    assert before == concepts.contents()
    os.utime(label, ns=(1, 1))
    assert concepts.contents() != before
