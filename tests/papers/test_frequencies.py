"""Figure 12: order of the concepts, and verdicts on heads and animals."""
from papers import frequencies

NAMES = ("dog", "cat", "person", "motorbike", "ball", "bus")


def rows(values, category="object", names=NAMES):
    return [{"model": "ead", "layer": "block5_conv3", "category": category, "concept": name,
             "images": 10, "detected": 10 * value, "frequency": value, "detectors": 21}
            for name, value in zip(names, values)]


def test_holds_where_most_of_the_first_are_favoured():
    found = frequencies.verdict(rows((0.5, 0.4, 0.3, 0.2, 0.1, 0.0)))
    assert found.holds is True and "3 of the first 5 objects" in found.text


def test_fails_where_things_come_first_or_nothing_is_detected():
    assert frequencies.verdict(rows((0.1, 0.0, 0.0, 0.5, 0.4, 0.3))).holds is False
    assert frequencies.verdict(rows((0,) * 6)).holds is False


def test_every_category_must_show():
    both = rows((0.5, 0.4, 0.3, 0.2, 0.1, 0.0)) + rows((0.1, 0.9), "part", ("head", "wheel"))
    assert frequencies.verdict(both).holds is False


def test_a_folder_of_other_things_tests_nothing():
    assert frequencies.verdict(rows((0.5, 0.4), names=("lamp", "door"))).holds is None


def test_table_is_sorted_by_frequency():
    [table] = frequencies.tables(rows((0.1, 0.2, 0.3, 0.4, 0.5, 0.6)))
    assert table.rows[0] == [1, "bus 0.60"] and table.rows[-1] == [6, "dog 0.10"]
