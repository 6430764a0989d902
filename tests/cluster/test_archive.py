"""Archives: any depth, lists, addresses; a table for each shard; nothing is overwritten."""
import json
import random

import cv2
import numpy as np
import pytest
from shard_tasks import brightness

from keras_saliency.cluster.archive import predict_archive
from keras_saliency.cluster.client import Cluster
from keras_saliency.files import InputError, addresses

pytest.importorskip("pyarrow", reason="needs keras_saliency[cluster]")


@pytest.fixture
def archive(tmp_path):
    """40 pictures in two folders, one of them damaged."""
    root = tmp_path / "pictures"
    for index in range(40):
        path = root / f"{index % 2}" / "deep" / f"{index:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(index).integers(0, 256, (8, 9, 3), np.uint8)
        path.write_bytes(cv2.imencode(".png", picture)[1].tobytes() if index != 7 else b"bad")
    (root / "notes.md").write_text("no picture")
    return root


def rows_of(out):
    import pyarrow.parquet

    tables = [pyarrow.parquet.read_table(path).to_pylist()
              for path in sorted((out / "tables").glob("*.parquet"))]
    return [row for table in tables for row in table]


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_every_picture_has_a_row_and_its_files(prefix, archive, workers, tmp_path, capsys):
    out = tmp_path / "out"
    source = f"{prefix}{archive}"
    assert predict_archive(brightness, [source], f"{prefix}{out}", client=workers)
    rows = rows_of(out)
    assert [row["picture"] for row in rows] == [
        f"{prefix}{archive}/{folder}/deep/{index:02d}.png"
        for folder in (0, 1) for index in range(folder, 40, 2)]
    [wrong] = [row for row in rows if row["error"]]
    assert wrong["picture"].endswith("1/deep/07.png") and wrong["density"] == ""
    assert "07.png: not a picture" in capsys.readouterr().err
    named = {name for row in rows for name in (row["density"], row["overlay"]) if name}
    there = {path.relative_to(out).as_posix() for path in out.rglob("*.png")}
    assert named == there and len(there) == 78
    density = cv2.imread(str(out / rows[0]["density"]), cv2.IMREAD_UNCHANGED)
    assert density.shape == (8, 9) and density.max() == 65535


def test_a_stopped_one_goes_on_and_another_folder_is_left_alone(archive, workers, tmp_path):
    out = tmp_path / "out"
    predict_archive(brightness, [archive], out, client=workers)
    tables = sorted((out / "tables").iterdir())
    tables[1].unlink()
    (out / rows_of(out)[0]["density"]).unlink()  # a finished shard is not repeated
    before = tables[0].stat().st_mtime_ns
    with pytest.raises(InputError, match="holds predictions: resume them"):
        predict_archive(brightness, [archive], out, client=workers)
    resumed = Cluster(workers.client, resume=True)
    predict_archive(brightness, [archive], out, client=resumed)
    assert sorted((out / "tables").iterdir()) == tables
    assert tables[0].stat().st_mtime_ns == before and len(list(out.rglob("*_density.png"))) == 38
    with pytest.raises(InputError, match="made from other pictures"):
        predict_archive(brightness, [archive / "0"], out, client=resumed)
    with pytest.raises(InputError, match="holds other files"):
        predict_archive(brightness, [archive / "0"], archive / "1", client=workers)
    for inside in (archive, f"file://{archive}/out"):
        with pytest.raises(InputError, match="predictions would be taken for pictures"):
            predict_archive(brightness, [archive], inside, client=workers)


def test_a_list_of_addresses(archive, workers, tmp_path):
    paths = [path for path in sorted(archive.rglob("*.png")) if path.name != "07.png"]
    random.Random(0).shuffle(paths)
    listed = tmp_path / "pictures.txt"
    listed.write_text("\n".join(["", *(f"file://{path}" for path in paths[:20]),
                                 *map(str, paths[20:])]) + "\n")
    out = tmp_path / "out"
    assert not predict_archive(brightness, [listed], out, raw=True, client=workers)
    assert [row["picture"].removeprefix("file://") for row in rows_of(out)] == [
        str(path) for path in paths]
    assert len(list(out.rglob("*.npy"))) == 39
    assert json.loads((out / "archive.json").read_text())["source"] == str(listed)


@pytest.mark.parametrize("text, reason", [("", "no pictures there"), ("\xff", "no list of addr")])
def test_a_list_that_is_none(text, reason, workers, tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=reason):
        predict_archive(brightness, [path], tmp_path / "out", client=workers)
    assert not (tmp_path / "out").exists()


def test_what_needs_workers_says_so(archive, tmp_path):
    with pytest.raises(InputError, match="give a cluster"):
        predict_archive(brightness, [archive], tmp_path / "out")


@pytest.mark.parametrize("address, reason", [
    ("nothing://here/x.png", "nothing"), ("file:///no/such/folder", "no pictures|No such file")])
def test_addresses_that_cannot_be_read_are_named(address, reason):
    with pytest.raises(InputError, match=reason):
        list(addresses.pictures(address))
    with pytest.raises(InputError, match=address):
        addresses.read_bytes(address)
