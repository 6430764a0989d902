"""Table 5 of the CVPR paper: layers that hold the targets."""
from papers import popout_units
from papers.shared.studied import UNTRAINED


def rows(values, model=UNTRAINED):
    return [{"model": model, "layer": layer, "units": 512, "nmm": value, "best_unit": 3,
             "best_nmm": value + 1} for layer, value in zip(popout_units.PAPER, values)]


def test_holds_where_the_middle_layer_is_above_the_last():
    found = popout_units.verdict(rows((2.0, 2.2, 1.5, 1.0, 0.9, 0.5)))
    assert found.holds is True and "ours 2.00 and 0.50" in found.text
    assert "highest in block4_conv2" in found.text


def test_fails_otherwise_whatever_trained_models_do():
    trained = rows((3.0, 2.0, 1.0, 1.0, 1.0, 0.1), "runs/a")
    found = popout_units.verdict(rows((0.5, 1.0, 1.0, 1.0, 1.0, 2.0)) + trained)
    assert found.holds is False


def test_the_papers_number_is_beside_ours():
    [table] = popout_units.tables(rows((2.0, 2.2, 1.5, 1.0, 0.9, 0.5)))
    assert [row[-1] for row in table.rows] == [2.12, 1.94, 1.96, 1.47, 0.94, 0.38]
