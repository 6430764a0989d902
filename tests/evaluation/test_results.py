"""Tables of scores beyond those that `evaluation` makes."""
import errno
import importlib.util
import json
import os

import numpy as np
import pytest

from keras_saliency.evaluation import results
from keras_saliency.evaluation.results import Evaluation, read_table


def evaluation_of(**scores):
    return Evaluation(["a", "b"], {name: np.array(values) for name, values in scores.items()})


def test_means_leave_out_what_has_no_score():
    result = evaluation_of(nss=[1.0, np.nan], cc=[np.nan, np.nan])
    assert result.means()["nss"] == 1 and np.isnan(result.means()["cc"])
    assert result.intervals()["nss"] == (1, 1) and np.isnan(result.intervals()["cc"]).all()


def test_many_reasons_are_counted_not_listed():
    result = Evaluation(["a"], {"nss": np.array([1.0])}, reasons={str(i): "x" for i in range(12)})
    assert result.table().endswith("not scored: 9: x\nnot scored: 2 more")


def test_no_reader_sees_a_new_table_beside_an_old_summary(tmp_path, monkeypatch):
    path, seen = tmp_path / "scores.csv", []
    evaluation_of(nss=[1.0, 2.0]).write(path, {"what": "old"})
    rename = os.replace

    def watched(source, target):
        rename(source, target)
        summary = path.with_suffix(".json")
        seen.append((read_table(path).means()["nss"],
                     json.loads(summary.read_text())["what"] if summary.exists() else None))

    monkeypatch.setattr(os, "replace", watched)
    evaluation_of(nss=[5.0, 6.0]).write(path, {"what": "new"})
    assert seen[-1] == (5.5, "new") and set(seen) <= {(1.5, "old"), (5.5, None), (5.5, "new")}


def test_a_table_that_cannot_be_written_leaves_the_old_one_and_its_summary(tmp_path, monkeypatch):
    path = tmp_path / "scores.csv"
    summary = evaluation_of(nss=[1.0, 2.0]).write(path, {"what": "old"})
    before = path.read_bytes(), summary.read_bytes()

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "write_csv", full)
    with pytest.raises(OSError, match="scores"):
        evaluation_of(nss=[5.0, 6.0]).write(path, {"what": "new"})
    assert (path.read_bytes(), summary.read_bytes()) == before
    assert sorted(tmp_path.iterdir()) == [path, summary]


def test_parquet_needs_pyarrow(tmp_path):
    result = evaluation_of(nss=[1.0, np.nan])
    path = tmp_path / "scores.parquet"
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(ValueError, match=r'pip install "\.\[parquet\]"'):
            result.write(path)
    else:
        result.write(path)
        read = read_table(path)
        assert read.names == ("a", "b")
        np.testing.assert_array_equal(read.scores["nss"], [1.0, np.nan])
