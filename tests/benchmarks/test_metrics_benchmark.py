"""The benchmark compares what it says, on maps as they should be."""
import numpy as np
import pytest

from benchmarks import metrics as benchmark
from keras_saliency.metrics import METRICS

EIGHT = {"auc_judd", "auc_borji", "auc_shuffled", "nss", "information_gain", "cc", "sim", "kld"}


def test_maps():
    saliency_map, fixation_map, density, other_map, baseline_map = benchmark.make_maps(60, 80, 15)
    assert {m.shape for m in (saliency_map, fixation_map, density, other_map, baseline_map)} == {
        (60, 80)}
    assert fixation_map.sum() == 15 and fixation_map.max() == 1 and other_map.sum() == 150
    assert density.sum() == pytest.approx(1) and saliency_map.min() == 0
    assert not np.array_equal(saliency_map, benchmark.make_maps(60, 80, 15, seed=1)[0])


def test_both_sides_compute_the_same():
    for name, (ours, slow) in benchmark.contenders(*benchmark.make_maps(60, 80, 15)).items():
        assert ours() == pytest.approx(slow(), abs=0.03 if METRICS[name].sampled else 1e-9), name


def test_rows_and_table():
    lines = []
    rows = benchmark.run(images=1, rounds=1, log=lines.append)
    assert {row.metric for row in rows[:-1]} == EIGHT and rows[-1].metric == "all"
    assert rows[-1].ours == pytest.approx(sum(row.ours for row in rows[:-1]))
    for row in rows[:-1]:
        assert min(row.ours, row.transcription) > 0
        assert row.difference < (0.02 if METRICS[row.metric].sampled else 1e-9)
        assert f"{row.transcription:.2f}" in lines[0]
    assert len(lines) == 1 and len(lines[0].splitlines()) == 2 + 9


def test_what_fails_elsewhere_is_left_out(monkeypatch):
    """As pysaliency 0.2.22 does with NumPy 2, which has no `trapz`."""
    def theirs(saliency_map, *references):
        return {"nss": lambda: saliency_map.mean(), "auc_judd": lambda: np.no_such_name}

    monkeypatch.setattr(benchmark, "_pysaliency", lambda: theirs)
    lines = []
    rows = {row.metric: row for row in benchmark.run(images=1, rounds=1, log=lines.append)}
    assert rows["nss"].pysaliency > 0 and rows["auc_judd"].pysaliency is None
    assert "fails here on auc_judd" in lines[0]


def test_pysaliency_computes_the_same_where_definitions_agree():
    if benchmark._pysaliency() is None:
        pytest.skip("pysaliency cannot be imported")
    maps = benchmark.make_maps(60, 80, 15)
    theirs, ours = benchmark._pysaliency()(*maps), benchmark.contenders(*maps)
    assert set(theirs) < EIGHT
    for name, tolerance in {"nss": 1e-3, "cc": 1e-5, "kld": 1e-4}.items():  # N, not N - 1; float32
        assert theirs[name]() == pytest.approx(ours[name][0](), abs=tolerance), name


def test_milliseconds_takes_the_best_and_takes_turns():
    order = []
    times = benchmark.milliseconds(lambda: order.append("a"), lambda: order.append("b"), rounds=2)
    assert order == list("aaabbb" * 2)
    assert len(times) == 2 and max(times) < 1000
