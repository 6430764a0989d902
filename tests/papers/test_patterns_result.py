"""High and low units: both findings must show for each trained model."""
import numpy as np

from keras_saliency.datasets import popout
from papers import patterns
from papers.shared.studied import UNTRAINED


def rows(model, score=4.5, center=-0.4):
    facts = {"model": model, "model_nss": 2.2, "stimuli": 200}
    return [{**facts, "tier": "high", "unit": 7, "score": score, "mean_nss": 1.4, "center": "",
             "units": 1},
            {**facts, "tier": "high", "unit": patterns.GROUP, "score": 9.0, "mean_nss": 1.0,
             "center": 0.5, "units": 50},
            {**facts, "tier": "low", "unit": patterns.GROUP, "score": 0.3, "mean_nss": -0.3,
             "center": center, "units": 50}]


def test_holds_where_both_findings_show():
    found = patterns.verdict(rows(UNTRAINED, center=0.2) + rows("ead"))
    assert found.holds is True
    assert "ead 4.50 (1.40 over all) against 2.20, -0.40" in found.text


def test_fails_where_one_does_not():
    assert patterns.verdict(rows("ead") + rows("msi_net", score=2.0)).holds is False
    assert patterns.verdict(rows("ead", center=0.1)).holds is False
    assert patterns.verdict(rows(UNTRAINED)).holds is False  # no trained model


def test_table_shows_groups_and_units():
    [table] = patterns.tables(rows("ead"))
    assert [row[2] for row in table.rows] == [7, "50 units", "50 units"]
    assert table.rows[0][-1] == "" and table.rows[2][-1] == "-0.40"


def test_stimuli_of_the_commonest_size():
    dataset = popout.load(count=5, size=(96, 128))
    sizes = np.array([(96, 128), (128, 96), (96, 128), (64, 64), (128, 96)])
    object.__setattr__(dataset, "sizes", sizes)
    assert patterns._commonest_size(dataset).tolist() in ([0, 2], [1, 4])
    object.__setattr__(dataset, "sizes", sizes[[0, 1, 2, 3, 3]])
    assert len(patterns._commonest_size(dataset)) == 2
