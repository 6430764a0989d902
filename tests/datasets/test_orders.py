"""The order of training: how often an epoch shows each stimulus, in batches of one canvas."""
from collections import Counter

import numpy as np
import pytest
import tensorflow as tf

from keras_saliency.datasets import orders, pipeline
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.orders import Share

WIDE, TALL = (48, 64), (64, 48)


def drawn(shares, batch=1, seed=5, mirror=True, epochs=range(1)):
    """[(share, index, mirrored, key)] of plain numbers."""
    return [(int(share), int(index), bool(mirrored), tuple(key.numpy())) for share, index, mirrored,
            key in orders.epoch_orders(shares, batch, seed, mirror, epochs)]


def seen(rows):
    """{(share, index): how often}."""
    return Counter(row[:2] for row in rows)


def test_the_order_of_one_dataset_is_that_of_earlier_runs():
    """Written down before there could be several: a run that was begun then resumes exactly."""
    rows = drawn([Share(6)], batch=2, epochs=range(2))
    assert [row[1:3] for row in rows] == [
        (0, True), (3, False), (5, False), (4, False), (1, False), (2, False),
        (5, True), (2, True), (4, False), (0, False), (3, False), (1, True)]
    assert [row[3] for row in rows[:2]] == [(-173582574, -1515349515), (-832299417, 687748874)]
    single = pipeline.epoch_orders(6, 2, 5, True, range(2))
    assert [(int(i), bool(m), tuple(k.numpy())) for i, m, k in single] == [row[1:] for row in rows]


def test_an_epoch_shows_each_stimulus_as_often_as_its_weight_says():
    counts = seen(drawn([Share(7), Share(5, 3.0), Share(8, 2.25), Share(10, 0.3)]))
    assert [counts[0, i] for i in range(7)] == [1] * 7
    assert [counts[1, i] for i in range(5)] == [3] * 5
    assert sorted(counts[2, i] for i in range(8)) == [2] * 6 + [3] * 2
    assert sorted(counts[3, i] for i in range(10)) == [0] * 7 + [1] * 3
    assert sum(counts.values()) == 7 + 15 + 18 + 3


def test_parts_of_a_weight_take_turns():
    rows = drawn([Share(8, 1.25)], epochs=range(200))
    counts = seen(rows)
    assert len(rows) == 200 * 10
    assert all(200 <= counts[0, i] for i in range(8))
    # of 200 epochs each is once more in 50 +- 6.1 (binomial): four deviations
    assert all(abs(counts[0, i] - 250) < 25 for i in range(8))


def test_less_than_one_draw_becomes_one():
    assert len(drawn([Share(10, 0.01), Share(4)])) == 5


def test_batches_are_of_one_canvas_and_come_in_any_order():
    shares = [Share(9, canvas=WIDE), Share(6, canvas=TALL), Share(5, 2.0, WIDE)]
    steps = orders.steps_per_epoch(shares, 3)
    assert steps == (9 + 10) // 3 + 6 // 3
    rows = drawn(shares, batch=3, epochs=range(20))
    assert len(rows) == 20 * steps * 3
    batches = [[shares[row[0]].canvas for row in rows[start:start + 3]]
               for start in range(0, len(rows), 3)]
    assert all(len(set(batch)) == 1 for batch in batches)
    firsts = [batches[epoch * steps][0] for epoch in range(20)]
    assert set(firsts) == {WIDE, TALL}  # not all of one canvas before the other
    assert all(seen(rows[epoch * steps * 3:][:steps * 3])[1, i] == 1
               for epoch in range(20) for i in range(6))
    # both datasets of the wide canvas are in most batches: they are shuffled together
    mixed = [len({row[0] for row in rows[start:start + 3]}) for start in range(0, len(rows), 3)]
    assert mixed.count(2) > 60


def test_an_epoch_is_a_function_of_seed_and_epoch():
    shares = [Share(5, 1.5, WIDE), Share(4, 1.0, TALL)]
    whole = drawn(shares, 2, epochs=range(3))
    length = orders.steps_per_epoch(shares, 2) * 2
    assert drawn(shares, 2, epochs=range(1, 3)) == whole[length:]
    assert drawn(shares, 2, seed=6, epochs=range(3)) != whole
    assert whole[:length] != whole[length:2 * length]
    assert not any(row[2] for row in drawn(shares, 2, mirror=False))
    flips = [row[2] for row in drawn(shares, 2, epochs=range(40))]
    assert 0.4 < np.mean(flips) < 0.6


@pytest.mark.parametrize("shares, message", [
    ([Share(2)], "2 training stimuli do not fill one batch of 3; set train.batch lower$"),
    ([Share(2, canvas=TALL), Share(9, canvas=WIDE)],
     "2 training stimuli on the canvas 64x48 do not fill one batch of 3; set train.batch lower, "
     "or data.upright=false")])
def test_less_than_a_batch_of_a_canvas_is_an_error(shares, message):
    for work in (lambda: orders.steps_per_epoch(shares, 3), lambda: drawn(shares, 3)):
        with pytest.raises(DatasetError, match=message):
            work()


def test_a_mixed_loader_asks_the_loader_of_the_share():
    def loader(number, shape):
        def load(index, mirrored, key):
            value = tf.cast(index, tf.float32) + 100.0 * number
            return tf.fill(shape, value), tf.cast(mirrored, tf.float32)
        return load

    shares = [Share(4, canvas=WIDE), Share(2, canvas=TALL)]
    load = orders.mixed_loader([loader(0, WIDE), loader(1, TALL)])
    stream = pipeline.training_stream(orders.epoch_orders(shares, 2, 0, True, range(1)), load, 2)
    assert tuple(stream.element_spec[0].shape) == (2, None, None)
    batches = list(stream)
    found = sorted(float(value) for values, _ in batches for value in values[:, 0, 0])
    assert found == [0, 1, 2, 3, 100, 101]
    assert sorted(tuple(values.shape[1:]) for values, _ in batches) == [WIDE, WIDE, TALL]
