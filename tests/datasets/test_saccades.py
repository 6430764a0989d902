import numpy as np
import pytest

from keras_saliency.datasets.mit1003 import find_fixations


def jump(start, stop, samples):
    steps = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, samples + 1) / (samples + 1))
    return np.array(start) + steps[:, None] * (np.array(stop, float) - start)


def stay(place, samples):
    return np.repeat([np.array(place, float)], samples, axis=0)


def trial(*parts):
    return np.concatenate(parts)


A, B, C = (100, 100), (600, 400), (200, 500)


def test_two_saccades_separate_three_fixations():
    gaze = trial(stay(A, 120), jump(A, B, 8), stay(B, 150), jump(B, C, 8), stay(C, 100))
    points, durations = find_fixations(gaze)
    assert points.tolist() == [list(A), list(B), list(C)]
    # Every sample is in a fixation or one of the two saccades, which last at most 20 samples.
    assert 386 - 40 <= durations.sum() * 0.24 <= 386 - 16
    np.testing.assert_allclose(durations, [500, 625, 417], atol=60)


def test_the_place_is_the_median_of_the_samples():
    gaze = stay(A, 101)
    gaze[:20] += (3, -2)
    gaze[50] = np.nan
    points, durations = find_fixations(gaze)
    assert points.tolist() == [list(A)]
    assert durations == pytest.approx([101 / 0.24])


def test_without_saccades_the_trial_is_one_fixation():
    for count in (1, 3, 6, 7, 60):
        points, durations = find_fixations(stay(B, count))
        assert points.tolist() == [list(B)]
        assert durations == pytest.approx([count / 0.24])
    assert find_fixations(np.zeros((0, 2)))[0].shape == (0, 2)


def test_slow_drift_is_no_saccade():
    points, _ = find_fixations(np.linspace(A, B, 400))
    assert len(points) == 1


def flick(step):
    """Three samples of movement: 3 * step pixels to the right."""
    return [(100 + step * k, 100) for k in (1, 2, 3)]


def test_acceleration_above_the_threshold_must_last_three_samples():
    # The averaged speed over 4 samples grows by 15, 30, 45, 45, 30, 15 px/s per pixel of step:
    # two of these exceed 204 px/s for a step of 6, four for a step of 7.
    def count(step):
        return len(find_fixations(trial(stay(A, 60), flick(step),
                                        stay((100 + 3 * step, 100), 60)))[0])

    assert (count(4), count(6), count(7)) == (1, 1, 2)


def test_the_shortest_fixation_between_saccades_lasts_50_ms():
    found = [find_fixations(trial(stay(A, 100), jump(A, B, 8), stay(B, samples),
                                  jump(B, C, 8), stay(C, 100))) for samples in range(40)]
    counts = [len(points) for points, _ in found]
    assert counts == sorted(counts) and set(counts) == {2, 3}
    assert found[0][0].tolist() == [list(A), list(C)]
    assert found[-1][0].tolist() == [list(A), list(B), list(C)]
    assert found[counts.index(3)][1][1] == pytest.approx(50)


def test_the_shortest_last_fixation_is_longer_than_50_ms():
    found = [find_fixations(trial(stay(A, 100), jump(A, B, 8), stay(B, samples)))
             for samples in range(8, 40)]
    counts = [len(points) for points, _ in found]
    assert counts == sorted(counts) and set(counts) == {1, 2}
    assert found[counts.index(2)][1][1] == pytest.approx(13 / 0.24)
