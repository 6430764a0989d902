"""The quantile of a stream against numpy's of all values."""
import numpy as np
import pytest

from keras_saliency.units.quantiles import TailQuantile


def parts(rng, count=23, units=5):
    """Parts of unequal length, with ties: half of the values are 0, as after a ReLU."""
    values = np.maximum(rng.normal(size=(4000, units)), 0).astype(np.float32)
    return values, np.array_split(values, np.sort(rng.choice(4000, count, replace=False)))


@pytest.mark.parametrize("quantile", [0.9, 0.995])
def test_exact_as_long_as_the_values_fit(quantile):
    values, stream = parts(np.random.default_rng(0))
    sketch = TailQuantile(5, 4000, quantile)
    for part in stream:
        sketch.update(part)
    np.testing.assert_allclose(sketch.result(), np.quantile(values, quantile, axis=0), rtol=1e-6)
    assert sketch.describe() == "exact, of 4000 values per unit"
    assert len(sketch.tail()) <= (1 - quantile) * 4000 + 3


def test_shards_merge_to_one_pass():
    values, stream = parts(np.random.default_rng(1))
    shards = [TailQuantile(5, 4000), TailQuantile(5, 4000)]
    for index, part in enumerate(stream):
        shards[index % 2].update(part)
    merged = shards[0].merge(shards[1])
    np.testing.assert_allclose(merged.result(), np.quantile(values, 0.995, axis=0), rtol=1e-6)
    with pytest.raises(ValueError, match="cannot merge"):
        merged.merge(TailQuantile(5, 4001))


def test_a_long_stream_is_sampled_within_the_stated_error():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400_000, 8)).astype(np.float32)
    sketch = TailQuantile(8, len(values), cap=500)  # a sample of 100 000
    for index, part in enumerate(np.array_split(values, 100)):
        sketch.update(part, seed=index)
    assert abs(sketch.count - 100_000) < 1000 and len(sketch.tail()) <= 640
    assert "of 400000 values per unit; the share above it is 0.005 +- 0.0002" in sketch.describe()
    above = (values > sketch.result()).mean(axis=0)
    error = np.sqrt(0.005 * 0.995 / 100_000)
    assert np.abs(above - 0.005).max() < 4 * error and above.std() > error / 4


def test_nothing_and_little():
    assert np.isnan(TailQuantile(2, 0).result()).all()
    sketch = TailQuantile(1, 3)
    sketch.update([[1.0], [5.0], [3.0]])
    assert sketch.result() == pytest.approx(np.quantile([1, 5, 3], 0.995))
    with pytest.raises(ValueError, match="between 0.5 and 1"):
        TailQuantile(2, 10, 0.2)
