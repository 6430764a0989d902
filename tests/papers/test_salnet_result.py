"""SalNet's tables: the verdict on scores made by hand."""
from papers import salnet


def _rows(**changes):
    rows = [{"dataset": dataset, "model": model, "stimuli": 200, "epoch": 1,
             **dict(zip(salnet.METRICS, values))}
            for dataset, theirs in (("osie", "iSUN"), ("mit1003", "SALICON"))
            for model, values in salnet.PAPER[theirs].items()]
    rows[4].update(changes)  # the network on MIT1003
    return rows


def test_the_papers_own_scores_hold():
    holds, text = salnet.verdict(_rows())
    assert holds is True and "OSIE: on 4 of 4, CC 0.823 against 0.509 of gbvs" in text


def test_one_metric_on_one_dataset_is_enough_to_fail():
    holds, text = salnet.verdict(_rows(auc_judd=0.78))
    assert holds is False and "MIT1003: on 3 of 4" in text
    assert salnet.verdict(_rows(auc_shuffled=0.1)).holds is True  # BMS is better in the paper, too


def test_tables_have_ours_before_the_papers():
    osie, mit1003, both = salnet.tables(_rows(cc=0.25))
    assert mit1003.rows[0][:3] == ["`salnet_shallow`", "0.520", "0.250"]
    assert len(osie.rows) == 12 and "the paper on SALICON" in osie.rows[-1][0]
    assert both.rows[0] == ["iSUN (validation)", "0.59 / 0.53", "0.64 / 0.63", "0.79 / 0.80"]
