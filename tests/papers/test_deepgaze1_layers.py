"""Fits of DeepGaze I to subsets of layers: parts, panels, verdicts."""
import cv2
import pytest

from papers import deepgaze1_layers as by_layers
from papers import deepgaze1_sparsity as by_lambda


def fitted(auc, share=0.5, **keys):
    return {**keys, "layers": 3, "units": 9, "gain_training": 0.9, "gain_observers": 0.8,
            "gain_validation": 0.4, "share_training": 0.7, "share_observers": share,
            "share_validation": 0.3, "auc_training": 0.75, "auc_validation": auc}


def layer_rows(final=0.70, every=(0.69, 0.8)):
    rows = [fitted(final, 0.6, group="type", layers_chosen="5 conv")]
    rows += [fitted(0.60 + k / 100, group="of", layers_chosen=k) for k in range(1, 5)]
    rows += [fitted(0.66, group="type", layers_chosen=kind) for kind in by_layers.TYPES]
    rows += [fitted(0.65, group="to", layers_chosen=k) for k in range(2, 5)]
    rows += [fitted(0.68, group="from", layers_chosen=k) for k in range(2, 6)]
    return rows + [fitted(*every, group="from", layers_chosen=1)]


def test_parts_are_all_fits_of_the_figure(setting):
    subsets = [by_layers.subset_of(*part) for part in by_layers.parts(
        type(setting)(setting.scratch, setting.recipes))]
    assert subsets[0] == {"of": 5, "type": "conv"} and len(subsets) == 16
    assert {"from": 1} in subsets and {"to": 4} in subsets and {"type": "pool"} in subsets
    assert {"to": 5} not in subsets  # the same as from 1


def test_a_fit_of_two_groups_is_shown_in_both():
    shown = by_layers.panels(layer_rows())
    assert [name for name, _ in shown["to"]] == ["1", "2", "3", "4", "5"]
    assert dict(shown["to"])["5"] is dict(shown["from"])["1"]
    assert dict(shown["of"])["5"] is dict(shown["from"])["5"]
    assert dict(shown["to"])["1"] is dict(shown["of"])["1"]
    (table,) = by_layers.tables(layer_rows())
    assert len(table.rows) == 19 and {len(row) for row in table.rows} == {len(table.header)}


@pytest.mark.parametrize("final, every, holds", [
    (0.70, (0.69, 0.8), True),
    (0.67, (0.69, 0.8), False),   # others generalize better
    (0.70, (0.69, 0.55), False),  # all layers do not fit closer
])
def test_verdict_on_layers(final, every, holds):
    verdict = by_layers.verdict(layer_rows(final, every))
    assert verdict.holds is holds
    assert f"{final:.3f} against 0.690" in verdict.text and "60%" in verdict.text


@pytest.mark.parametrize("aucs, holds", [
    ((0.700, 0.700, 0.701, 0.702, 0.705, 0.6), True),  # 0.1 is far above the paper's
    ((0.700, 0.700, 0.701, 0.702, 0.720, 0.6), False),
    ((0.700,) * 6, False),  # no effect to be seen
])
def test_verdict_on_lambda(aucs, holds):
    rows = [fitted(auc, sparsity=sparsity) for auc, sparsity in zip(aucs, by_lambda.SPARSITIES)]
    verdict = by_lambda.verdict(rows)
    assert verdict.holds is holds and f"{aucs[-1]:.3f} at 0.1" in verdict.text
    (table,) = by_lambda.tables(rows)
    assert [row[0] for row in table.rows] == ["0", "1e-05", "0.0001", "0.001", "0.01", "0.1"]
    assert table.rows[0][-1] == "0.700"


def test_figure_shows_every_group(tmp_path):
    by_layers.draw(layer_rows(), tmp_path / "figure")
    picture, text = cv2.imread(str(tmp_path / "figure.png")), (tmp_path / "figure.svg").read_text()
    assert picture.shape[0] > 4 * 300 and text.rstrip().endswith("</svg>")
