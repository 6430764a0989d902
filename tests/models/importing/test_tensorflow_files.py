"""MSI-Net from the graphs, checkpoints and SavedModels of its authors."""
import shutil

import numpy as np
import pytest
import tensorflow as tf
from writers import imported

from keras_saliency.models import facts_of, importing
from keras_saliency.models.importing import formats
from keras_saliency.models.weights_file import WeightsError


@pytest.mark.parametrize("file, dataset, canvas", [
    ("model_cat2000_cpu.pb", "cat2000", (216, 384)),
    ("model_osie_cpu.ckpt.index", "osie", (240, 320)),
    ("model_osie_cpu.ckpt", "osie", (240, 320)),
    ("variables_model", "salicon", (240, 320)),
    ("constants_model", "salicon", (240, 320)),
])
def test_msi_net_computes_what_the_authors_graph_does(kroner, tmp_path, file, dataset, canvas):
    folder, image, expected = kroner
    model = imported("msi_net", folder / file, tmp_path)
    np.testing.assert_allclose(model(image), expected, atol=1e-4)
    about = facts_of(model).about
    assert facts_of(model).canvas == canvas and about["dataset"] == dataset
    assert about["preprocessing"] == "msi_net" and about["licence"] == "MIT"
    assert about["source_file"] == file and "Kroner" in about["citation"]


def test_a_missing_part_of_a_checkpoint_is_one_error(kroner, tmp_path):
    folder, *_ = kroner
    for suffix in ("index", "data-00000-of-00001"):
        data = (folder / f"model_osie_cpu.ckpt.{suffix}").read_bytes()
        (tmp_path / f"cut.ckpt.{suffix}").write_bytes(data[:len(data) // 2])
        with pytest.raises(WeightsError, match="cut.ckpt.* is not a readable TensorFlow checkp"):
            importing.convert("msi_net", tmp_path / f"cut.ckpt.{suffix}", tmp_path / "out.h5")


def test_constants_that_a_few_bytes_ask_for_are_no_weights(tmp_path):
    """Equal numbers are stored once, so a small graph can ask for any amount of memory."""
    graph = tf.compat.v1.GraphDef()
    for n in range(200):
        node = graph.node.add(op="Const", name=f"large{n}")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(0.5, shape=(4000,)))
    (tmp_path / "m.pb").write_bytes(graph.SerializeToString())
    size = (tmp_path / "m.pb").stat().st_size
    found = formats.read_graph(tmp_path / "m.pb")
    assert 4000 < size < 200 * 4000 and len(found) == size // 4000
    assert not any(array.std() for array in found.values())


def test_a_checkpoint_that_claims_more_than_it_has_is_refused(kroner, tmp_path):
    folder, *_ = kroner
    shutil.copy(folder / "model_osie_cpu.ckpt.index", tmp_path / "short.ckpt.index")
    (tmp_path / "short.ckpt.data-00000-of-00001").write_bytes(b"1234")
    with pytest.raises(WeightsError, match="short.ckpt.*: its variables take [0-9,]+ bytes, its"):
        importing.convert("msi_net", tmp_path / "short.ckpt.index", tmp_path / "out.h5")
