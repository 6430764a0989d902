"""Figure 2: hand values of the losses, and a verdict that other losses would fail."""
import math

import pytest

from papers import loss_shapes


@pytest.fixture(scope="module")
def rows():
    return [{"loss": loss, **row} for loss in loss_shapes.NAMES
            for row in loss_shapes.measure(None, loss)]


def at(rows, loss, truth, prediction):
    [row] = [row for row in rows if (row["loss"], row["truth"], row["prediction"]) == (
        loss, truth, prediction)]
    return row["value"], row["gradient"]


def test_values_and_gradients_by_hand(rows):
    assert at(rows, "l1", 0.2, 0.7) == pytest.approx((0.5, 1.0))
    assert at(rows, "l2", 0.2, 0.7) == pytest.approx((0.25, 1.0))
    assert at(rows, "l1", 0.7, 0.2) == pytest.approx((0.5, -1.0))
    assert at(rows, "ead", 0.2, 0.7) == pytest.approx((math.exp(0.5) - 1, math.exp(0.5)))
    assert at(rows, "bce", 0.5, 0.5) == pytest.approx((math.log(2), 0.0), abs=1e-6)


def test_holds_for_the_losses_and_not_for_others(rows):
    assert loss_shapes.verdict(rows).holds is True
    values = {(row["truth"], row["prediction"]): row for row in rows if row["loss"] == "l2"}
    swapped = [{**values[row["truth"], row["prediction"]], "loss": "ead"}
               if row["loss"] == "ead" else row for row in rows]
    assert loss_shapes.verdict(swapped).holds is False
    no_entropy = [{**row, "value": 0.0} if row["loss"] == "bce" else row for row in rows]
    assert loss_shapes.verdict(no_entropy).holds is False


def test_table_of_differences(rows):
    curves, perfect = loss_shapes.tables(rows)
    assert [row[0] for row in curves.rows] == ["`l1`", "`l2`", "`ead`"]
    assert curves.rows[1][3:] == ["0.250", "1.000", "0.100", "0.500", "1.000", "2.000"]
    assert perfect.rows[0][1:3] == ["0.000", "0.325"] and len(perfect.header) == 12
