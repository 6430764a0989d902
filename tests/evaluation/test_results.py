"""Tables of scores beyond those that `evaluation` makes."""
import importlib.util

import numpy as np
import pytest

from keras_saliency.evaluation.results import Evaluation, read_table


def evaluation_of(**scores):
    return Evaluation(["a", "b"], {name: np.array(values) for name, values in scores.items()})


def test_means_leave_out_what_has_no_score():
    result = evaluation_of(nss=[1.0, np.nan], cc=[np.nan, np.nan])
    assert result.means()["nss"] == 1 and np.isnan(result.means()["cc"])
    assert result.skipped() == {"nss": 1, "cc": 2}
    assert result.intervals()["nss"] == (1, 1) and np.isnan(result.intervals()["cc"]).all()


def test_many_reasons_are_counted_not_listed():
    result = Evaluation(["a"], {"nss": np.array([1.0])}, reasons={str(i): "x" for i in range(12)})
    assert result.table().endswith("not scored: 9: x\nnot scored: 2 more")


def test_parquet_needs_pyarrow(tmp_path):
    result = evaluation_of(nss=[1.0, np.nan])
    path = tmp_path / "scores.parquet"
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(ValueError, match="pip install pyarrow"):
            result.write(path)
    else:
        result.write(path)
        read = read_table(path)
        assert read.names == ("a", "b")
        np.testing.assert_array_equal(read.scores["nss"], [1.0, np.nan])
