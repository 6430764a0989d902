"""Gains by parts of MSI-Net: differences by hand, verdicts both ways."""
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.models import build_model
from papers import ablation_kinds, ablation_maps
from papers.ablations import COLUMNS
from papers.shared import ablated

LOWER = ("emd", "kld")


def _row(variant, kind, level, model="a", dataset="osie"):
    return {"model": model, "variant": variant, "trained_on": dataset, "kind": kind, "arrays": 8,
            **{name: -level if name in LOWER else level for name in COLUMNS}}


def _rows(aspp=0.2, concat=-0.1):
    return [_row(variant, kind, level)
            for variant, level in (("full", 1.0), ("no_aspp", 1 - aspp), ("no_concat", 1 - concat))
            for kind in ("color", "size")]


def test_gains_are_of_means_over_trainings():
    rows = [_row("full", "color", 1.0), _row("full", "color", 2.0, "b"),
            _row("no_aspp", "color", 1.25), _row("no_aspp", "color", 0.75, "b")]
    gained = dict(zip(COLUMNS, ablation_kinds.gains(rows, "no_aspp")["color"]))
    assert gained == {name: -0.5 if name in LOWER else 0.5 for name in COLUMNS}
    assert ablation_kinds.gains(rows, "no_concat") == {}


def test_the_verdict_on_kinds():
    holds, text = ablation_kinds.verdict(_rows())
    assert holds is True and "ASPP 8 (NSS +0.200" in text and "concatenation 0" in text
    assert ablation_kinds.verdict(_rows(aspp=-0.1)).holds is False
    assert ablation_kinds.verdict(_rows(concat=0.1)).holds is False
    assert ablation_kinds.verdict(_rows()[:4]).holds is None


def test_kinds_that_gain_most_come_first():
    rows = _rows() + [_row("full", "shape", 1.0), _row("no_aspp", "shape", 0.1),
                      _row("no_concat", "shape", 1.0)]
    aspp, concat = ablation_kinds.tables(rows)
    assert [row[0] for row in aspp.rows[:4]] == ["shape", "color", "size", "mean"]
    assert aspp.rows[0][1] == "+0.900" and aspp.rows[-1][0] == "Pattern (the paper)"
    assert concat.rows[0][0] == "shape" and concat.rows[1][1] == "-0.100"


def test_the_verdict_on_maps():
    def rows(*gained):
        return [{"model": variant, "variant": variant, "stimulus": index, "cc": cc}
                for index, gain in enumerate(gained)
                for variant, cc in (("full", 0.5 + gain), ("no_aspp", 0.5))]
    assert list(ablation_maps.gains(rows(0.1, 0.3, -0.1))) == [1, 0, 2]
    holds, text = ablation_maps.verdict(rows(0.1, 0.3, -0.1))
    assert holds is True and "2 of 3 stimuli, by +0.100" in text
    assert ablation_maps.verdict(rows(0.5, -0.1, -0.1)).holds is False  # the mean by one alone
    assert ablation_maps.verdict(rows(0.1)[:1]).holds is None


def test_which_variant_a_network_is():
    model = build_model("msi_net", width_multiplier=0.03)
    for options, variant in (({}, "full"), ({"aspp": False, "multi_level": True}, "no_aspp"),
                             ({"multi_level": False}, "no_concat")):
        model = ks.facts(model, about={"file": "x.h5", "options": options})
        assert ablated.variant_of(model) == variant
    model = ks.facts(model, about={"file": "x.h5", "options": {
        "aspp": False, "multi_level": False}})
    with pytest.raises(InputError, match=r"x\.h5 lacks both"):
        ablated.variant_of(model)


def test_trainings_of_ablations_are_found(setting):
    real = setting.__class__(setting.scratch / "ablation_kinds", setting.recipes)
    with pytest.raises(InputError, match="run the result ablations first"):
        ablated.runs(real)
    for name in ("osie_full_1", "unfinished"):
        (setting.scratch / "ablations" / name).mkdir(parents=True)
    (setting.scratch / "ablations" / "osie_full_1" / "best.h5").write_bytes(b"")
    assert [path.rpartition("/")[2] for path in ablated.runs(real)] == ["osie_full_1"]
