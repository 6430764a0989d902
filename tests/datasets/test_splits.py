from itertools import product

import numpy as np
import pytest

from keras_saliency.datasets import DATASETS
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.loading import hold_out, split


def dataset(count, name="other", **fields):
    names = tuple(f"{k:05d}" for k in range(count))
    return SaliencyDataset(name=name, names=names, stimuli=names, density_files=names,
                           sizes=np.full((count, 2), 9, np.int32), **fields)


def categories(sizes):
    words = tuple(name for name, size in sizes.items() for _ in range(size))
    return dataset(len(words), "cat2000", categories=words)


def check_disjoint(train, validation, total=None):
    both = np.concatenate([train, validation])
    assert both.dtype == np.int64 and len(set(both.tolist())) == len(both)
    if total is not None:
        assert sorted(both.tolist()) == list(range(total))


@pytest.mark.parametrize("name,total,first,last", [
    # numpy.random.RandomState(42).shuffle(arange(n)), computed apart from this package
    ("mit1003", 1003, None, None), ("dutomron", 5168, None, None), ("pascals", 850, None, None),
    ("osie", 700, [158, 500, 396, 155, 321], [71, 106, 270, 435, 102]), ("fiwi", 149, None, None),
])
def test_published_sizes_and_order(name, total, first, last):
    train, validation = split(dataset(total, name))
    assert (len(train), len(validation)) == DATASETS[name].split
    check_disjoint(train, validation, total)
    order = list(range(total))
    np.random.RandomState(42).shuffle(order)
    assert train.tolist() + validation.tolist() == order
    if first:
        assert train[:5].tolist() == first and validation[-5:].tolist() == last


def test_the_seed_changes_the_order():
    assert split(dataset(50))[0].tolist() == split(dataset(50), seed=42)[0].tolist()
    assert split(dataset(50))[0].tolist() != split(dataset(50), seed=1)[0].tolist()


@pytest.mark.parametrize("name,total,sizes", [
    ("other", 10, (8, 2)), ("other", 2, (1, 1)), ("other", 4, (3, 1)),
    ("osie", 7, (5, 2)), ("fiwi", 10, (6, 4))])
def test_other_sets_and_incomplete_copies_keep_the_share(name, total, sizes):
    train, validation = split(dataset(total, name))
    assert (len(train), len(validation)) == sizes
    check_disjoint(train, validation, total)


def test_fewer_of_one_side_leave_the_other_as_it_is():
    whole = split(dataset(700, "osie"))
    train, validation = split(dataset(700, "osie"), train=30)
    np.testing.assert_array_equal(train, whole[0][:30])
    np.testing.assert_array_equal(validation, whole[1])
    train, validation = split(dataset(700, "osie"), train=30, validation=20)
    np.testing.assert_array_equal(train, whole[0][:30])
    np.testing.assert_array_equal(validation, whole[1][:20])


def test_one_side_may_grow_at_the_cost_of_the_other():
    order = np.concatenate(split(dataset(700, "osie")))
    train, validation = split(dataset(700, "osie"), train=650)
    np.testing.assert_array_equal(train, order[:650])
    np.testing.assert_array_equal(validation, order[650:])
    train, validation = split(dataset(700, "osie"), validation=300)
    np.testing.assert_array_equal(train, order[:400])
    np.testing.assert_array_equal(validation, order[400:])


@pytest.mark.parametrize("options,message", [
    ({"train": 501, "validation": 200}, "501 training and 200 validation .* 700 available"),
    ({"train": 701}, "701 training and 0 validation"),
    ({"train": 700}, "no stimuli left for validation among the 700"),
    ({"validation": 700}, "no stimuli left for train"),
    ({"train": 0}, "train must be above 0"), ({"validation": -1}, "validation must be above 0")])
def test_impossible_counts(options, message):
    with pytest.raises(DatasetError, match=message):
        split(dataset(700, "osie"), **options)


@pytest.mark.parametrize("total", [0, 1])
def test_too_few_stimuli(total):
    with pytest.raises(DatasetError, match=f"no stimuli left for .* among the {total}"):
        split(dataset(total))


def test_a_published_partition_is_kept():
    words = ("val", "train", "train", "val", "train", "train", "test")
    train, validation = split(dataset(7, "salicon", partition=words))
    assert train.tolist() == [1, 2, 4, 5] and validation.tolist() == [0, 3]


def test_fewer_of_a_partition_are_a_seeded_choice():
    data = dataset(60, "salicon", partition=("train",) * 50 + ("val",) * 10)
    train, validation = split(data, train=20)
    assert len(train) == 20 and train.max() < 50 and (np.diff(train) > 0).all()
    assert validation.tolist() == list(range(50, 60))
    assert train.tolist() != list(range(20))
    assert train.tolist() == split(data, train=20)[0].tolist()
    assert train.tolist() != split(data, train=20, seed=1)[0].tolist()
    with pytest.raises(DatasetError, match="51 stimuli asked for train, 50 available"):
        split(data, train=51)
    with pytest.raises(DatasetError, match="no stimuli left for validation"):
        split(dataset(3, "salicon", partition=("train",) * 3))


def test_cat2000_uses_one_shuffled_list_for_every_category():
    names = [f"c{k:02d}" for k in range(20)]
    train, validation = split(categories({name: 100 for name in names}))
    ranks = np.arange(100)
    np.random.RandomState(42).shuffle(ranks)
    expected = [100 * c + rank for c, rank in product(range(20), ranks[:80])]
    assert train.tolist() == expected
    assert validation.tolist() == [100 * c + r for c, r in product(range(20), ranks[80:])]


def test_categories_of_different_sizes_share_the_list():
    data = categories({"big": 10, "one": 1, "small": 5})
    train, validation = split(data)
    check_disjoint(train, validation, 16)
    ranks = np.arange(10)
    np.random.RandomState(42).shuffle(ranks)
    small = [11 + r for r in ranks if r < 5]
    assert train.tolist() == [*ranks[:8], 10, *small[:4]]
    assert validation.tolist() == [*ranks[8:], small[4]]


def test_fewer_of_categories_are_taken_evenly():
    data = categories({"a": 10, "b": 10, "c": 10})
    whole, _ = split(data)
    train, validation = split(data, train=7, validation=3)
    assert train.tolist() == [*whole[:3], *whole[8:10], *whole[16:18]]
    assert np.bincount(validation // 10).tolist() == [1, 1, 1]
    with pytest.raises(DatasetError, match="25 stimuli asked for train, 24 available"):
        split(data, train=25)


def test_held_out_stimuli_are_a_seeded_choice_in_order():
    training = np.arange(100, 160)
    rest, held = hold_out(training, 15)
    assert sorted([*rest, *held]) == training.tolist() and len(held) == 15
    assert (np.diff(rest) > 0).all() and (np.diff(held) > 0).all()
    np.testing.assert_array_equal(held, hold_out(training, 15)[1])
    assert set(held) != set(hold_out(training, 15, seed=1)[1])


@pytest.mark.parametrize("count", [0, -3, 60])
def test_holding_out_nothing_or_all_is_an_error(count):
    with pytest.raises(DatasetError, match=f"{count} of 60 training stimuli"):
        hold_out(np.arange(60), count)
