"""Parts are kept as they finish; other settings and damaged files are errors; the page is made of
files alone."""
import dataclasses
import json

import pytest

from keras_saliency.files import InputError
from papers.making import ledger, page, runner
from papers.making.setting import read_roots
from papers.making.spec import ResultSpec, Table, Verdict
from papers.published import ITEMS, PAPERS, Missing


def toy_spec(measure, **changes):
    return dataclasses.replace(ResultSpec(
        title="A toy", about="Made of nothing.", keys=("model", "seed"),
        parts=lambda setting: [("a", 1), ("a", 2), ("b", 1)], measure=measure,
        tables=lambda rows: [Table("Scores:", ["model", "nss"],
                                   [[row["model"], f"{row['nss']:.2f}"] for row in rows])],
        verdict=lambda rows: Verdict(rows[0]["nss"] > 1, f"{len(rows)} rows")), **changes)


def test_a_stopped_result_goes_on_where_it_was(setting, tmp_path):
    measured = []

    def measure(setting, model, seed):
        measured.append((model, seed))
        if len(measured) == 2:
            raise KeyboardInterrupt
        return [{"nss": 1.25 + seed, "cc": float("nan")}]

    with pytest.raises(KeyboardInterrupt):
        runner.make("toy", toy_spec(measure), setting, tmp_path)
    facts = json.loads((tmp_path / "toy.json").read_text())
    assert (facts["holds"], facts["finished"], facts["parts"]) == (None, 1, 3)
    assert "**1 of 3 parts.** No verdict" in page.section("toy", toy_spec(measure), tmp_path)
    rows = runner.make("toy", toy_spec(measure), setting, tmp_path)
    assert measured == [("a", 1), ("a", 2), ("a", 2), ("b", 1)]
    assert [(row["model"], row["seed"], row["nss"]) for row in rows] == [
        ("a", 1, 2.25), ("a", 2, 3.25), ("b", 1, 2.25)]
    assert rows[0]["cc"] == "" and rows[0]["settings"] == "quick"
    facts = json.loads((tmp_path / "toy.json").read_text())
    assert (facts["holds"], facts["verdict"], facts["parts"]) == (True, "3 rows", 3)
    assert len(facts["versions"]) == 1 and "tensorflow" in facts["versions"][0]


def test_rows_that_were_added_to_the_file_get_a_verdict(setting, tmp_path):
    """The same command on another machine adds them."""
    spec = toy_spec(lambda setting, *part: [{"nss": 2.0}])
    runner.make("toy", spec, setting, tmp_path)
    facts = (tmp_path / "toy.json").read_text()
    stale = {**json.loads(facts), "finished": 2, "holds": None, "verdict": "No verdict"}
    (tmp_path / "toy.json").write_text(json.dumps(stale))
    runner.make("toy", spec, setting, tmp_path)
    assert (tmp_path / "toy.json").read_text() == facts


def test_rows_of_other_data_are_not_mixed(setting, tmp_path):
    """A stopped result goes on with a copy of its data, and not with other data."""
    for folder, contents in (("osie", "one"), ("copy", "one"), ("other", "two")):
        (tmp_path / folder / "stimuli").mkdir(parents=True)
        (tmp_path / folder / "stimuli" / "1.jpg").write_text(contents)
    measured, out = [], tmp_path / "out"

    def measure(setting, *part):
        measured.append(part)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return [{"nss": 2.0}]

    def make(root):
        spec = toy_spec(measure, data=("osie",))
        roots = {} if root is None else {"osie": str(tmp_path / root)}
        return runner.make("toy", spec, dataclasses.replace(setting, roots=roots), out)

    with pytest.raises(KeyboardInterrupt):
        make("osie")
    with pytest.raises(InputError, match="other files than those of --root osie=.*other; give the "
                                         "same data, or another --out"):
        make("other")
    assert len(measured) == 2 and len(make("copy")) == 3
    facts = (out / "toy.json").read_text()
    assert len(json.loads(facts)["roots"]["osie"]) == 16 and str(tmp_path) not in facts
    assert len(make(None)) == 3 and (out / "toy.json").read_text() == facts  # nothing to measure


def test_rows_of_other_settings_are_not_mixed(setting, tmp_path):
    spec = toy_spec(lambda setting, *part: [{"nss": 2.0}], recipe="quickstart.yaml")
    runner.make("toy", spec, setting, tmp_path)
    other = dataclasses.replace(setting, overrides=("train.epochs=2",))
    before = (tmp_path / "toy.csv").read_bytes()
    with pytest.raises(InputError, match="toy.csv was made with 'quickstart.yaml quick', not with "
                                         "'quickstart.yaml train.epochs=2 quick'.*--out"):
        runner.make("toy", spec, other, tmp_path)
    assert (tmp_path / "toy.csv").read_bytes() == before


@pytest.mark.parametrize("text", ["a,b\n1\n", "a,b\n1,2,3\n", "\xff\xfe", 'a\n"x'])
def test_a_damaged_table_is_named(text, setting, tmp_path):
    (tmp_path / "toy.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="toy.csv.*remove it"):
        runner.make("toy", toy_spec(None), setting, tmp_path)
    (tmp_path / "toy.csv").unlink()
    (tmp_path / "toy.json").write_text("{")
    with pytest.raises(InputError, match="toy.json: not JSON"):
        ledger.read_facts(tmp_path / "toy.json")


def test_a_missing_dataset_names_its_option(setting):
    with pytest.raises(InputError, match="reads OSIE: --root osie=PATH"):
        dataclasses.replace(setting, quick=False).section("osie")


def test_a_recipe_is_changed_by_the_result_then_by_the_user(setting, tmp_path):
    full = dataclasses.replace(setting, quick=False, roots={"osie": "here"},
                               overrides=("train.epochs=7",))
    config = full.config("msi_net_osie_cpu.yaml", "run", full.section("osie", upright=True),
                         train={"epochs": 2, "seed": 5})
    assert (config.train.epochs, config.train.seed, config.train.freeze) == (7, 5, "block4")
    assert config.data.sigma_pixels == 16 and config.data.upright and config.data.root == "here"
    assert config.folder == setting.scratch / "run"


def test_the_page_is_the_same_each_time(setting, tmp_path):
    out = tmp_path / "results"
    spec = toy_spec(lambda setting, *part: [{"nss": 2.0}])
    runner.make("toy", spec, setting, out)
    (out / page.PREFACE).write_text("# Results\n")
    first = page.write({"toy": spec}, out).read_bytes()
    assert page.write({"toy": spec}, out).read_bytes() == first
    text = first.decode()
    assert text.startswith("# Results\n") and "**Holds.** 3 rows" in text and "| b | 2.00 |" in text
    assert all(name in text for name in PAPERS.values())
    assert "\n0 of 8 tables and figures are made here: of 0 the finding holds" in text


def test_the_page_counts_findings_and_prints_the_weights_that_were_given(setting, tmp_path):
    out = tmp_path / "results"
    spec = toy_spec(lambda setting, *part: [{"nss": 2.0}], data=("mit1003",), options=("weights",),
                    parts=lambda setting: [("a", 1), ("runs/b", 1), ("runs/b", 2)])
    runner.make("deepgaze1_auc", spec, setting, out)
    (out / page.PREFACE).write_text("# Results\n")
    text = page.write({"deepgaze1_auc": spec}, out).read_text()
    assert ("\n1 of 8 tables and figures are made here: of 1 the finding holds, of 0 it does not, "
            "0 have none") in text
    assert ("scripts/reproduce.py deepgaze1_auc --out docs/results --root mit1003=PATH "
            "--weights runs/b\n") in text


def test_the_list_has_every_item_and_says_what_is_missing(tmp_path):
    lines = page.listing({}, tmp_path).splitlines()
    items = [(item, made) for its in ITEMS.values() for item, made in its.items()]
    shown = [line for line in lines if line.startswith("  ")]
    assert len(shown) == len(items)
    for line, (item, made) in zip(shown, items):
        assert line.split("  ")[1].strip() == item
        assert (made.data if isinstance(made, Missing) else f"{made}: not made yet") in line


def test_roots_are_checked(tmp_path):
    assert read_roots([f"osie={tmp_path}"], ["osie"], "toy") == {"osie": str(tmp_path)}
    assert read_roots([], [], "toy") == {}
    with pytest.raises(InputError, match="--root broden=x: toy reads osie and mit1003"):
        read_roots(["broden=x"], ["osie", "mit1003"], "toy")
    with pytest.raises(InputError, match="--root x: toy reads no dataset"):
        read_roots(["x"], [], "toy")
    with pytest.raises(InputError, match="--root osie=gone: no such folder"):
        read_roots(["osie=gone"], ["osie"], "toy")
    with pytest.raises(InputError, match="no such folder"):
        read_roots(["osie"], ["osie"], "toy")


def test_a_part_without_rows_is_an_error_and_leaves_nothing(setting, tmp_path):
    with pytest.raises(InputError, match="toy, part 1 of 3, gives no rows"):
        runner.make("toy", toy_spec(lambda setting, model, seed: []), setting, tmp_path)
    assert not list(tmp_path.glob("toy*"))
