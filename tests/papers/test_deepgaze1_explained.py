"""DeepGaze I beside other models: tables, figure and verdicts on hand-made rows."""
import cv2
import pytest

from papers import deepgaze1_auc as by_auc
from papers import deepgaze1_explained as explained
from papers.making.setting import QUICK_CANVAS
from papers.shared import deepgaze1_fit as shared
from papers.shared.trained import tiny


def row(model, share, low, high, network=None, trained_on="", **more):
    return {"model": model, "network": network or model, "stimuli": 100, "bits": share + 1,
            "gain": share * 1.25, "gain_low": low, "gain_high": high, "gold_standard": 1.25,
            "share": share, "trained_on": trained_on, **more}


def shares(low=0.7, **more):
    return [row("runs/x", 0.6, low, 0.8, network="deepgaze1", trained_on="mit1003", **more),
            row("gbvs", 0.25, 0.25, 0.4), row("center_bias", 0.01, 0, 0.02),
            row("msi_net", 0.9, 1.0, 1.2, trained_on="osie + mit1003 (FixaTons MIT1003)"),
            row("other", 0.5, 0.4, 0.6, trained_on="osie")]


@pytest.mark.parametrize("low, holds", [(0.7, True), (0.39, False)])
def test_verdict_is_on_the_models_of_before(low, holds):
    verdict = explained.verdict(shares(low))
    assert verdict.holds is holds
    assert "ours 60%" in verdict.text and "25% (gbvs)" in verdict.text
    assert "msi_net 90% (trained on MIT1003), other 50%" in verdict.text


def test_tables_have_the_best_first_and_the_observers_left_out():
    (table,) = explained.tables(shares())
    assert [cells[0] for cells in table.rows] == [
        "`msi_net` (trained on MIT1003)", "`runs/x`", "`other`", "`gbvs`", "`center_bias`",
        "paper: Deep Gaze I", "paper: eDN"]
    assert table.rows[1][1:] == ["1.600", "0.750 [0.700, 0.800]", "60"]
    of_run = {f"observers_{what}_{part}": value for part, value in (
        ("training", 0.8), ("validation", 0.5)) for what in ("gain", "gold", "share")}
    rows = shares(observers=15, **of_run)
    for other in rows[1:]:  # as the file has them
        other.update(dict.fromkeys(("observers", *of_run), ""))
    (_, left_out) = explained.tables(rows)
    assert [cells[-1] for cells in left_out.rows] == ["80", "50"]


def test_figure_has_a_bar_for_each(tmp_path):
    explained.draw(shares(), tmp_path / "bars")
    assert cv2.imread(str(tmp_path / "bars.png")).std() > 0
    text = (tmp_path / "bars.svg").read_text()
    assert all(name in text for name in ("runs/x", "gbvs", "paper: eDN", "0.560"))


def test_a_deepgaze1_among_the_weights_takes_the_place_of_the_fit(setting, monkeypatch):
    names = shared.model_names(setting)
    assert names[0] == shared.FIT and "itti" in names
    given = type(setting)(setting.scratch, setting.recipes, weights=("runs/x", "ead"), quick=True)
    monkeypatch.setattr(shared, "is_deepgaze1", lambda name: name == "runs/x")
    assert shared.model_names(given)[:2] == ["runs/x", "ead"]
    assert shared.FIT not in shared.model_names(given)


def test_a_network_is_named_with_its_training_data(setting):
    weights = tiny(setting, "a", 1, "msi_net", canvas=list(QUICK_CANVAS), dataset="MIT1003")
    [row] = explained.measure(setting, str(weights))
    assert row["network"] == "msi_net" and shared.saw_the_data(row)


def auc_row(model, shuffled, judd, network=None):
    return {"model": model, "network": network or model, "stimuli": 100, "auc_shuffled": shuffled,
            "auc_shuffled_fine": shuffled + 0.01, "auc_judd": judd, "trained_on": ""}


@pytest.mark.parametrize("ours, holds", [
    ((0.69, 0.86), True), ((0.69, 0.80), False), ((0.61, 0.86), False)])
def test_verdict_on_auc_asks_for_both(ours, holds):
    rows = [auc_row("deepgaze1", *ours), auc_row("bms", 0.64, 0.78),
            auc_row(by_auc.FITTED_BIAS, 0.5, 0.82), auc_row("msi_net", 0.75, 0.9)]
    verdict = by_auc.verdict(rows)
    assert verdict.holds is holds
    assert "against 0.640 (bms)" in verdict.text and "0.820 (training histogram)" in verdict.text
    assert "msi_net 0.750 and 0.900" in verdict.text
    (table,) = by_auc.tables(rows)
    paper = {cells[0]: cells[1:] for cells in table.rows}
    assert paper["paper: Deep Gaze I"] == ["0.717", "", "0.844"]
    assert paper["paper: AWS"] == ["0.679", "", ""]
