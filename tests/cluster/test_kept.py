"""Kept results are whole, come out as they went in, and cannot run anything."""
import os
import pickle

import numpy as np
import pytest

from keras_saliency.cluster.packing import Kept
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.files import InputError
from keras_saliency.units.quantiles import TailQuantile
from keras_saliency.units.unit_scores import UnitScores


def test_results_come_out_as_they_went_in(tmp_path):
    scores = UnitScores.of(np.eye(3), [4, 5, 6], np.zeros((3, 3), bool), 2)
    quantile = TailQuantile(2, 100)
    quantile.update(np.arange(20.0).reshape(10, 2))
    table = Evaluation(["a"], {"nss": np.array([1.5])}, reasons={"a": "none"})
    kept = Kept(tmp_path, "work", resume=True)
    for number, result in enumerate(({"layer": scores}, {"layer": quantile}, table, ["x", None])):
        assert not kept.has(number, [number])
        kept.write(number, [number], result)
        assert kept.has(number, [number]) and not kept.has(number, [number, 1])
    found = kept.read(0, [0])["layer"]
    np.testing.assert_array_equal(found.moments.mean, scores.moments.mean)
    np.testing.assert_array_equal(kept.read(1, [1])["layer"].result(), quantile.result())
    assert kept.read(2, [2]).means() == table.means() and kept.read(3, [3]) == ["x", None]
    assert not Kept(tmp_path, "work").has(0, [0])


class _Command:
    def __reduce__(self):
        return os.system, ("true",)


@pytest.mark.parametrize("contents", [pickle.dumps(_Command()), b"", b"\x80", b"text",
                                      pickle.dumps(np.save), pickle.dumps(np.ones(3))[:-9]])
def test_a_file_of_something_else_is_named(contents, tmp_path):
    kept = Kept(tmp_path, "work", resume=True)
    kept.write(0, [1], 1.0)
    [path] = tmp_path.rglob("*.shard")
    path.write_bytes(contents)
    with pytest.raises(InputError, match="000000.*not the result of a shard.*remove it"):
        kept.read(0, [1])
