"""SalNet's filters and maps: verdicts on hand-made rows; filters read back from a file."""
import numpy as np
import pytest

from keras_saliency.files import InputError
from papers import salnet_filters, salnet_maps
from papers.making.setting import Setting
from papers.shared import salnet_runs


def _filters(oriented, of=8, model="a"):
    return [{"model": model, "filter": index, "coherence": 0.9 if index < oriented else 0.1,
             "chance": 0.6, **dict.fromkeys(salnet_filters.PLACES, 0.0)} for index in range(of)]


def test_a_quarter_of_the_filters_must_be_oriented():
    holds, text = salnet_filters.verdict(_filters(2))
    assert holds is True and "2 of 8 (a)" in text
    assert salnet_filters.verdict(_filters(1)).holds is False
    assert salnet_filters.verdict(_filters(8) + _filters(1, model="b")).holds is False
    [table] = salnet_filters.tables(_filters(2))
    assert table.rows == [["`a`", 8, 2, "0.10", "0.90"]]


def test_filters_come_back_from_their_columns(monkeypatch, tmp_path):
    kernel = np.arange(5 * 5 * 3 * 2, dtype=float).reshape(5, 5, 3, 2)
    rows = [{**row, **dict(zip(salnet_filters.PLACES, kernel[..., index].ravel()))}
            for index, row in enumerate(_filters(1, 2))]
    assert rows[1]["b43"] == kernel[4, 3, 2, 1]
    drawn = {}
    monkeypatch.setattr(salnet_filters, "filter_figure",
                        lambda kernels, marked, stem: drawn.update(kernels, marked=marked))
    salnet_filters.draw(rows, tmp_path / "plot")
    assert (drawn["a"] == kernel).all() and drawn["marked"]["a"].tolist() == [True, False]


def _maps(shallow, deep=None):
    levels = {"salnet_shallow": shallow, "salnet_deep": deep}
    return [{"model": name, "network": name, "stimulus": index, "cc": 0.4, "cc_center": level}
            for name, level in levels.items() if level is not None for index in range(3)]


def test_the_shallow_network_must_look_more_at_the_middle():
    holds, text = salnet_maps.verdict(_maps(0.9, 0.6))
    assert holds is True and "0.900 and 0.600" in text
    assert salnet_maps.verdict(_maps(0.6, 0.7)).holds is False
    assert salnet_maps.verdict(_maps(0.4, 0.1)).holds is False
    assert salnet_maps.verdict(_maps(0.9)).holds is None


def test_trainings_are_found(setting):
    real = Setting(setting.scratch / "salnet_maps", setting.recipes)
    with pytest.raises(InputError, match="run the results salnet and salnet_deep first"):
        salnet_runs.runs(real)
    for name in ("salnet/osie", "salnet_deep/osie_0.0005"):
        (setting.scratch / name).mkdir(parents=True)
        (setting.scratch / name / "best.h5").write_bytes(b"")
    assert [path.rpartition("/")[2] for path in salnet_runs.runs(real)] == ["osie", "osie_0.0005"]
    assert len(salnet_runs.runs(real, ("salnet_shallow",))) == 1
