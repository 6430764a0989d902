"""DeepGaze I under two priors, and its units: tables and verdicts on hand-made rows."""
import numpy as np
import pytest

from papers import deepgaze1_prior as by_prior
from papers import deepgaze1_units as by_unit


def prior_rows(uniform, center):
    rows = []
    for prior, (bits, auc) in zip(by_prior.PRIORS, (uniform, center)):
        rows.append({"prior": prior, "stimulus": "a.jpeg", "part": "training", "bits": bits + 1,
                     "auc_shuffled": auc, "stimuli": "", "above_chance": ""})
        rows.append({"prior": prior, "stimulus": by_prior.EVERY, "part": "validation",
                     "bits": bits, "auc_shuffled": auc, "stimuli": 100, "above_chance": 91})
    return rows


@pytest.mark.parametrize("uniform, center, holds", [
    ((0.5, 0.69), (1.2, 0.66), True),
    ((-0.1, 0.69), (1.2, 0.66), False),  # below chance
    ((0.5, 0.65), (1.2, 0.66), False),   # shuffled AUC does not ask for it
    ((1.3, 0.69), (1.2, 0.66), False),   # the center bias does not help
])
def test_verdict_on_priors(uniform, center, holds):
    verdict = by_prior.verdict(prior_rows(uniform, center))
    assert verdict.holds is holds and "91 of 100" in verdict.text


def test_table_has_both_priors_in_a_row():
    (table,) = by_prior.tables(prior_rows((0.5, 0.69), (1.2, 0.66)))
    assert table.header[2:4] == ["bits, uniform", "bits, center bias"]
    assert table.rows[0] == ["a.jpeg", "training", "1.500", "2.200", "0.690", "0.660"]


def test_a_density_of_nothing_has_a_logarithm():
    assert np.isfinite(by_prior.log_density(np.array([0, 0.5, 0.5]))).all()


def test_units_are_described_and_not_judged():
    rows = [{"backbone": "vgg16", "rank": k + 1, "layer": "block5_conv3", "unit": k,
             "weight": weight, "share_of_largest": abs(weight), "share_of_all_so_far": so_far,
             "nss": nss, "nss_place": k + 3, "units": 1536}
            for k, (weight, so_far, nss) in enumerate([(1.0, 0.02, 1.2), (-0.8, 0.035, -0.3),
                                                       (0.7, 0.05, -0.1)])]
    verdict = by_unit.verdict(rows)
    assert verdict.holds is None
    assert "5.0% of all weights" in verdict.text and "sign in 2 of them" in verdict.text
    (table,) = by_unit.tables(rows)
    assert table.rows[1] == [2, "`block5_conv3` 1", "-0.8000", "0.80", "3.5", "-0.30", 4]
