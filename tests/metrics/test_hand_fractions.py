"""Each metric on 3x3 maps whose answer is a fraction worked out by hand."""
from math import log, log2, sqrt

import numpy as np
import pytest

from keras_saliency import metrics

FALLING = np.array([[9, 8, 7], [6, 5, 4], [3, 2, 1]])


def at(*values, count=1):
    """Map with `count` at the pixels where FALLING has the given values."""
    return np.isin(FALLING, values) * count


def test_auc_judd():
    # (0, 0) (0, 1/2) (2/7, 1) (1, 1): 2/7 * 3/4 + 5/7
    assert metrics.auc_judd(FALLING, at(9, 6)) == pytest.approx(13 / 14)
    # 9 beats 7 of 7 nonfixations, 6 beats 5
    assert metrics.auc_judd(FALLING, at(9, 6), ties="half") == pytest.approx(12 / 14)


def test_auc_judd_ties():
    tied = at(9, 8)  # both fixations at 1, all else at 0: (0, 0) (1/7, 1/2) (0, 1) (1, 1)
    assert metrics.auc_judd(tied, at(9, 8)) == pytest.approx(13 / 14)
    assert metrics.auc_judd(tied, at(9, 8), ties="half") == 1
    # 9 ties with the nonfixation 8 and beats 6; 7 beats none, ties with 6
    assert metrics.auc_judd(tied, at(9, 7), ties="half") == pytest.approx((6.5 + 3) / 14)


def test_auc_judd_jitter():
    # tells apart what ties, in a random order, and leaves the rest alone
    untied = metrics.auc_judd(FALLING, at(9, 6), jitter=True, seed=3)
    assert untied == metrics.auc_judd(FALLING, at(9, 6))
    scores = {metrics.auc_judd(at(9, 8, 7), at(9, 1), jitter=True, seed=s) for s in range(20)}
    assert len(scores) > 3
    assert metrics.auc_judd(FALLING % 2, at(9), jitter=True, seed=1) == metrics.auc_judd(
        FALLING % 2, at(9), jitter=True, seed=1)


def test_auc_borji():
    # nine levels, all in different steps: 9 beats 8 and ties with itself, 6 beats 5
    score = metrics.auc_borji(FALLING, at(9, 6), splits=100000)
    assert score == pytest.approx((8.5 + 5.5) / 18, abs=0.003)


def test_auc_shuffled():
    # no more other fixations than fixations: all of them are drawn in each split
    assert metrics.auc_shuffled(FALLING, at(9, 6), at(7, 6)) == pytest.approx(2.5 / 4)
    # thresholds 0, 1/2, 1: after min-max 6 and 7 lie in the same step
    assert metrics.auc_shuffled(FALLING, at(9, 6), at(7, 6), step=0.5) == pytest.approx(3 / 4)
    # one of 8, 7 and 1 per split, against 7: beaten, tied, beats
    score = metrics.auc_shuffled(FALLING, at(7), at(8, 7, 1), splits=20000)
    assert score == pytest.approx(1.5 / 3, abs=0.01)


def test_nss():
    deviation = sqrt(60 / 8)
    assert metrics.nss(FALLING, at(9, 6)) == pytest.approx(2.5 / deviation)
    counts = at(9, count=2) + at(6)
    assert metrics.nss(FALLING, counts) == pytest.approx(2.5 / deviation)
    assert metrics.nss(FALLING, counts, repeats=True) == pytest.approx(3 / deviation)


def test_nmm():
    assert metrics.nmm(FALLING, at(9, 8, 7) > 0) == pytest.approx(3 / sqrt(60 / 8))
    assert metrics.nmm(FALLING, at(9, 8, 7, count=255)) == pytest.approx(3 / sqrt(60 / 8))


def test_information_gain():
    # (v - 1) / 36 against 1/9: 8/4 and 5/4
    assert metrics.information_gain(FALLING, at(9, 6), np.ones((3, 3))) == pytest.approx(
        (1 + log2(5 / 4)) / 2)
    # against (9 - v) / 36: 5/3 at the pixel 6
    assert metrics.information_gain(FALLING, at(6), -FALLING) == pytest.approx(log2(5 / 3))


def test_log_likelihood_and_information_gain_density():
    density, uniform = np.log(FALLING / 45), np.full((3, 3), -log(9))
    counts = at(9, count=2) + at(6)
    assert metrics.log_likelihood(density, counts) == pytest.approx(
        (2 * log(9 / 45) + log(6 / 45)) / 3)
    assert metrics.log_likelihood(density, counts, repeats=False) == pytest.approx(
        (log(9 / 45) + log(6 / 45)) / 2)
    assert metrics.log_likelihood(uniform, counts) == pytest.approx(-log(9))
    assert metrics.information_gain_density(density, counts, uniform) == pytest.approx(
        (2 * log2(9 / 5) + log2(6 / 5)) / 3)


def test_cc():
    assert metrics.cc(FALLING, at(9)) == pytest.approx(4 / sqrt(60 * 8 / 9))
    assert metrics.cc(FALLING, 10 - FALLING) == pytest.approx(-1)


def test_sim():
    # (v - 1) / 36 against halves: 8/36 + 7/36
    assert metrics.sim(FALLING, at(9, 8) / 2) == pytest.approx(15 / 36)
    assert metrics.sim(FALLING, FALLING) == pytest.approx(1)


def test_kld():
    assert metrics.kld(FALLING, at(9, 8) / 2) == pytest.approx(
        (log(45 / 18) + log(45 / 16)) / 2)
    assert metrics.kld(FALLING, FALLING) == pytest.approx(0, abs=1e-12)


def test_emd():
    def reduced(values):  # 96x96, so that each entry is one pixel after the reduction
        return np.kron(values, np.full((32, 32), 0.5))

    corner = reduced(at(9))
    assert metrics.emd(corner, corner) == 0
    assert metrics.emd(corner, reduced(at(1))) == pytest.approx(2 * sqrt(2), rel=1e-6)
    # half one pixel to the right, half two pixels down
    assert metrics.emd(corner, reduced(at(8, 3))) == pytest.approx(1.5, rel=1e-6)
    assert metrics.emd(7 * corner, reduced(at(8, 3))) == pytest.approx(1.5, rel=1e-6)
