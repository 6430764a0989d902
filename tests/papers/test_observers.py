"""Table 1: shares of the observers' NSS, and verdicts on the gap."""
from papers import observers

GOLD = {"osie": 3.4, "mit1003": 3.0}


def rows(msi_net=0.7):
    return [{"dataset": dataset, "predictor": name, "nss": share * gold, "stimuli": 200}
            for dataset, gold in GOLD.items()
            for name, share in (("center_bias", 0.3), ("gold_standard", 1.0),
                                ("runs/msi_net", msi_net), ("ead", 0.6))]


def test_holds_where_the_best_model_is_far_below():
    found = observers.verdict(rows())
    assert found.holds is True
    assert "osie 2.38 (msi_net) against 3.40, 70 %" in found.text


def test_fails_where_one_dataset_shows_no_gap():
    made = rows()
    made[2]["nss"] = 3.3
    assert observers.verdict(made).holds is False
    assert observers.verdict(rows(msi_net=1.05)).holds is False


def test_the_center_bias_is_no_model():
    made = rows()
    made[0]["nss"] = 9.0
    assert observers.verdict(made).holds is True


def test_table():
    [table] = observers.tables(rows())
    assert table.rows[1] == ["`gold_standard`", "3.40", "100 %", "3.00", "100 %"]
    assert "SAM (ResNet-50) 2.34" in table.caption and "observers 3.29" in table.caption
