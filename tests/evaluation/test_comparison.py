"""Comparison of per-image tables: against scipy, brute force and MSI-Net's published ranking."""
import json

import numpy as np
import pytest
from scipy import stats

from keras_saliency.evaluation import Evaluation
from keras_saliency.evaluation.comparison import compare, compare_runs
from keras_saliency.evaluation.results import read_runs, read_table, read_tables
from keras_saliency.evaluation.scores import compare_tables
from keras_saliency.evaluation.statistics import (
    bootstrap_intervals,
    cumulative_rank,
    paired_p_value,
)
from keras_saliency.files import InputError

NAMES = [f"img{i}" for i in range(40)]


def table(label, shift=0.0, seed=0, names=NAMES, metrics=("auc_shuffled", "cc", "kld", "nss")):
    """Scores of one difficulty per image plus noise; `shift` makes higher scores."""
    rng = np.random.default_rng(seed)
    difficulty = np.random.default_rng(99).random(len(names))
    return Evaluation(tuple(names), {
        metric: 1 + difficulty + shift + 0.1 * rng.standard_normal(len(names))
        for metric in metrics}, label)


def write(path, text):
    path.write_text(text)
    return path


def test_reads_what_evaluation_writes(tmp_path):
    scores = {"nss": np.array([1.25, np.nan, 3]), "kld": np.array([0.5, 0.25, 1e-3])}
    Evaluation(["a", "b, with comma", "c"], scores).write(tmp_path / "model.csv")
    read = read_table(tmp_path / "model.csv")
    assert read.label == "model" and read.names == ("a", "b, with comma", "c")
    assert list(read.scores) == ["nss", "kld"]
    for name in scores:
        np.testing.assert_allclose(read.scores[name], scores[name], atol=5e-7)
    assert read_table(tmp_path / "model.csv", "other").label == "other"


def test_reads_spreadsheets(tmp_path):
    """A byte order mark, Windows line ends, empty lines and cells, names without meaning."""
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfstimulus,cc\r\n1001,0.5\r\n\r\n1002,\r\n")
    read = read_table(path)
    assert read.names == ("1001", "1002")
    np.testing.assert_array_equal(read.scores["cc"], [0.5, np.nan])


def test_labels_of_several_files(tmp_path):
    paths = [tmp_path / "one" / "scores.csv", tmp_path / "two" / "scores.csv",
             tmp_path / "two" / "other.csv"]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        write(path, "stimulus,cc\na,1\nb,2\n")
    assert [t.label for t in read_tables(paths[1:])] == ["scores", "other"]
    assert [t.label for t in read_tables(paths)] == [str(path) for path in paths]
    assert compare(read_tables(paths[:2]), draws=10).p_values["cc"][1] == 0.5


@pytest.mark.parametrize("text, message", [
    ("", "bad.csv: empty"),
    ("\n\n", "bad.csv: empty"),
    ("stimulus,cc\n", "bad.csv: no images"),
    ("image,cc\na,1\n", "bad.csv, row 1: .*`stimulus`"),
    ("stimulus\na\n", "bad.csv, row 1"),
    ("stimulus,cc,speed\na,1,2\n", "row 1: no metric 'speed'.*auc_judd"),
    ("stimulus,cc,cc\na,1,2\n", "row 1: a metric is there twice"),
    ("stimulus,cc\na,1\nb\n", "bad.csv, row 3: 1 cells"),
    ("stimulus,cc\na,1\nb,2,3\n", "bad.csv, row 3: 3 cells"),
    ("stimulus,cc\na,1\n\nb,high\n", "bad.csv, row 4, column cc: 'high' is not a number"),
    ("stimulus,cc\na,inf\n", "bad.csv, row 2, column cc: 'inf' is not finite"),
    ("stimulus,cc\na,1\nb,2\na,3\n", "bad.csv, row 4: stimulus 'a' is already in row 2"),
    ("stimulus,cc\n,1\n", "bad.csv, row 2: no stimulus name"),
    ('stimulus,cc\n"a,1\n', "bad.csv: not a CSV table"),
])
def test_bad_files(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_table(write(tmp_path / "bad.csv", text))


def test_a_picture_is_not_a_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xd8")
    with pytest.raises(ValueError, match="a.csv: not a CSV table"):
        read_table(tmp_path / "a.csv")
    with pytest.raises(OSError):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("metric, alternative", [("cc", "greater"), ("kld", "less")])
def test_p_values_equal_scipy(metric, alternative):
    a, b, c = table("a"), table("b", 0.1, seed=1), table("c", -0.02, seed=2)
    found = compare([a, b, c], draws=10)
    for k, other in ((1, b), (2, c)):
        # t of the differences, by the formula
        d = other.scores[metric] - a.scores[metric]
        t = d.mean() / (d.std(ddof=1) / np.sqrt(len(d)))
        p = stats.t.sf(t, len(d) - 1) if alternative == "greater" else stats.t.cdf(t, len(d) - 1)
        assert found.p_values[metric][k] == pytest.approx(p, rel=1e-9)
    assert np.isnan(found.p_values[metric][0])
    # a higher score is better for cc and worse for kld
    assert (found.p_values[metric][1] < 0.5) == (alternative == "greater")


def test_p_value_without_deviation():
    ones = np.ones(5)
    assert paired_p_value(ones, ones) == 0.5
    assert paired_p_value(ones + 1, ones) == paired_p_value(ones - 1, ones, False) == 0
    assert paired_p_value(ones - 1, ones) == 1
    assert np.isnan(paired_p_value([1.0], [0.5]))


def test_order_of_rows_does_not_matter():
    a, b = table("a"), table("b", 0.1, seed=1)
    order = np.random.default_rng(0).permutation(len(NAMES))
    shuffled = Evaluation([NAMES[i] for i in order],
                          {metric: values[order] for metric, values in b.scores.items()}, "b")
    assert compare([a, b], draws=50).to_dict() == compare([a, shuffled], draws=50).to_dict()


def test_images_without_a_score_are_left_out_for_all():
    a, b = table("a"), table("b", 0.1, seed=1)
    a.scores["cc"][3], b.scores["cc"][[3, 7]] = np.nan, np.nan
    found = compare([a, b], draws=50)
    kept = np.setdiff1d(np.arange(40), [3, 7])
    assert found.images["cc"] == 38 and found.images["nss"] == 40
    assert found.means["cc"] == pytest.approx([t.scores["cc"][kept].mean() for t in (a, b)])
    assert found.p_values["cc"][1] == pytest.approx(stats.ttest_rel(
        b.scores["cc"][kept], a.scores["cc"][kept], alternative="greater").pvalue)
    a.scores["cc"][:] = np.nan
    empty = compare([a, b], draws=50)
    assert empty.images["cc"] == 0 and np.isnan(empty.means["cc"]).all()
    assert np.isnan(empty.p_values["cc"]).all() and empty.ranks is None
    assert "no cumulative rank" in empty.format()
    json.dumps(empty.to_dict(), allow_nan=False)


@pytest.mark.parametrize("values", [
    np.random.default_rng(0).exponential(1, (60, 1)),
    np.random.default_rng(1).random((25, 1))])
def test_bootstrap_against_scipy(values):
    found = bootstrap_intervals(values, draws=40000)[0]
    expected = stats.bootstrap((values[:, 0],), np.mean, n_resamples=40000, method="percentile",
                               random_state=np.random.default_rng(1)).confidence_interval
    width = expected.high - expected.low
    assert found == pytest.approx(tuple(expected), abs=0.03 * width)


def test_bootstrap_against_a_loop():
    """The same draws, one resample at a time, with a NaN left out."""
    values = np.random.default_rng(0).random((12, 3))
    values[4, 1] = np.nan
    values[:, 2] = np.nan
    rows = np.random.default_rng(7).integers(0, 12, (500, 12))
    means = np.array([np.nanmean(values[r][:, :2], axis=0) for r in rows])
    found = bootstrap_intervals(values, 0.8, 500, seed=7)
    np.testing.assert_allclose(found[:2], np.quantile(means, [0.1, 0.9], axis=0).T, rtol=1e-12)
    assert np.isnan(found[2]).all()


def test_bootstrap_in_chunks(monkeypatch):
    values = np.random.default_rng(0).random((30, 2))
    whole = bootstrap_intervals(values, draws=1000)
    monkeypatch.setattr("keras_saliency.evaluation.statistics._CHUNK", 999)
    np.testing.assert_array_equal(bootstrap_intervals(values, draws=1000), whole)
    assert not np.array_equal(bootstrap_intervals(values, draws=1000, seed=1), whole)


@pytest.mark.parametrize("options", [
    dict(confidence=1), dict(confidence=0), dict(draws=0), dict(values=np.ones(4))])
def test_bad_bootstrap(options):
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_intervals(**{"values": np.ones((4, 1)), **options})


# sAUC, CC, KLD of Kroner et al. 2020, Table 1, in its order; its lines split it into groups
TABLE_1 = [
    {"DenseSal": (0.72, 0.79, 0.48), "DPNSal": (0.74, 0.82, 0.91), "SALICON": (0.74, 0.74, 0.54),
     "DSCLRCN": (0.72, 0.80, 0.95), "DeepFix": (0.71, 0.78, 0.63), "EML-NET": (0.70, 0.79, 0.84),
     "DeepGaze II": (0.72, 0.52, 0.96), "SAM-VGG": (0.71, 0.77, 1.13),
     "ML-Net": (0.70, 0.67, 1.10), "SAM-ResNet": (0.70, 0.78, 1.27),
     "DeepGaze I": (0.66, 0.48, 1.23)},
    {"Judd": (0.60, 0.47, 1.12), "eDN": (0.62, 0.45, 1.14)},
    {"GBVS": (0.63, 0.48, 0.87), "Itti": (0.63, 0.37, 1.03), "SUN": (0.61, 0.25, 1.27)},
    {"Ours": (0.72, 0.79, 0.66)}]


def test_cumulative_rank_of_the_paper():
    """Ranked among all models, each group is sorted as printed, and MSI-Net comes third."""
    models = {name: row for group in TABLE_1 for name, row in group.items()}
    means = dict(zip(("auc_shuffled", "cc", "kld"), np.array(list(models.values())).T))
    ranks = dict(zip(models, cumulative_rank(means).tolist()))
    assert ranks["DenseSal"] == 3 + 3 + 1 and ranks["Ours"] == 3 + 3 + 4
    for group in TABLE_1:
        assert [ranks[name] for name in group] == sorted(ranks[name] for name in group)
    assert sorted(ranks, key=ranks.get)[:3] == ["DenseSal", "DPNSal", "Ours"]


def test_cumulative_rank_by_hand():
    means = {"auc_shuffled": [0.7, 0.8, 0.7], "cc": [0.5, 0.5, 0.5], "kld": [0.3, 0.2, 0.1]}
    assert cumulative_rank(means).tolist() == [2 + 1 + 3, 1 + 1 + 2, 2 + 1 + 1]
    assert cumulative_rank(means, ("kld",)).tolist() == [3, 2, 1]
    with pytest.raises(ValueError, match="needs kld"):
        cumulative_rank({"auc_shuffled": [1], "cc": [1], "kld": [np.nan]})


def test_compare_and_its_text():
    found = compare([table("first"), table("second", 0.5, seed=1)], draws=2000)
    # higher by 0.5 in all: better in sAUC and CC, worse in KLD
    assert found.ranks.tolist() == [2 + 2 + 1, 1 + 1 + 2]
    for metric, means in found.means.items():
        assert (found.intervals[metric][:, 0] < means).all()
        assert (means < found.intervals[metric][:, 1]).all()
    text = found.format()
    lines = text.splitlines()
    assert len(lines) == 1 + 4 * 2 + 2 and max(map(len, lines)) < 100
    assert "kld (lower)" in text and f"{found.means['cc'][1]:.4f}" in text
    assert "< 0.001" in lines[2] and "1.000" in next(
        lines[i + 1] for i, line in enumerate(lines) if line.startswith("kld"))
    assert text.endswith("cumulative rank over auc_shuffled, cc, kld: second 4, first 5")
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["tables"] == ["first", "second"] and stored["cumulative_rank"] == [5, 4]
    assert stored["metrics"]["cc"]["p_value"][0] is None
    assert stored["metrics"]["cc"]["mean"] == found.means["cc"].tolist()


@pytest.mark.parametrize("tables, message", [
    ([table("a")], "two or more"), ([table("a"), table("a")], "different labels"),
    ([], "not none"),
    ([table("a"), table("b", names=NAMES[2:])], "b has no row for img0, img1, which a has"),
    ([table("a", names=NAMES[1:]), table("b")], "a has no row for img0, which b has"),
    ([table("a", metrics=["nss"]), table("b", metrics=["cc"])],
     "no metric is in all of the tables: a has nss; b has cc")])
def test_tables_that_do_not_fit(tables, message):
    with pytest.raises(ValueError, match=message):
        compare(tables)


def test_metrics_of_some_tables_only_are_left_out_and_named():
    found = compare([table("a"), table("b", metrics=["cc", "kld"])])
    assert set(found.means) == {"cc", "kld"} and found.ranks is None
    assert found.left_out == found.to_dict()["left_out"] == ["auc_shuffled", "nss"]
    assert "not in all tables and left out: auc_shuffled, nss\n" in found.format()


# ---- runs ----

def runs(label, shift, count=10, names=NAMES, metrics=("auc_shuffled", "cc", "kld", "nss")):
    """Tables of trainings: the level of run k, the same for all models, plus `shift` plus noise."""
    levels = np.random.default_rng(5).normal(0, 0.05, count)
    return [table(f"{label}{k}", shift + levels[k], seed=100 * len(label) + k, names=names,
                  metrics=metrics) for k in range(count)]


def test_runs_are_paired_over_runs():
    """Ten means each: scipy on them, not on 40 stimuli."""
    without, wide = runs("without", 0), runs("with", 0.02)
    found = compare_runs({"without": without, "with": wide}, draws=200)
    for metric, alternative in (("cc", "greater"), ("kld", "less")):
        a, b = ([t.scores[metric].mean() for t in tables] for tables in (without, wide))
        assert found.p_values[metric][1] == pytest.approx(
            stats.ttest_rel(b, a, alternative=alternative).pvalue, rel=1e-9)
        assert found.p_values[metric][1] != pytest.approx(
            stats.ttest_ind(b, a, alternative=alternative).pvalue, rel=0.1)
        assert found.means[metric] == pytest.approx([np.mean(a), np.mean(b)])
        assert found.deviations[metric] == pytest.approx([np.std(a, ddof=1), np.std(b, ddof=1)])
    assert found.images["cc"] == 10 and found.unit == "runs"
    text = found.format()
    assert "p: one-sided t-test paired over 10 runs, better than without" in text
    assert "standard deviation" in text and f"{found.deviations['nss'][1]:.4f}" in text
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["paired_over"] == "runs" and stored["metrics"]["cc"]["runs"] == 10
    assert "images" not in stored["metrics"]["cc"]


def test_tables_are_paired_over_stimuli():
    found = compare([table("a"), table("b", 0.1, seed=1)], draws=50)
    assert "p: one-sided t-test paired over 40 stimuli, better than a" in found.format()
    assert found.to_dict()["paired_over"] == "stimuli"
    assert found.deviations["cc"] == pytest.approx(
        [t.scores["cc"].std(ddof=1) for t in (table("a"), table("b", 0.1, seed=1))])
    a = table("a")
    a.scores["cc"][:2] = np.nan
    assert "paired over 38 to 40 stimuli" in compare([a, table("b", seed=1)], draws=50).format()


def test_a_stimulus_that_one_run_could_not_score_is_left_out_of_all():
    without, wide = runs("without", 0, 3), runs("with", 0.02, 3)
    wide[1].scores["cc"][5] = np.nan
    found = compare_runs({"without": without, "with": wide}, draws=50)
    kept = np.delete(np.arange(40), 5)
    assert found.means["cc"][0] == pytest.approx(
        np.mean([t.scores["cc"][kept].mean() for t in without]))


@pytest.mark.parametrize("models, message", [
    ({}, "two or more models.*none given"),
    ({"a": runs("a", 0, 3)}, "two or more models.*a has 3"),
    ({"a": runs("a", 0, 3), "bb": runs("bb", 0, 2)}, "as many runs each.*a has 3, bb has 2"),
    ({"a": runs("a", 0, 1), "bb": runs("bb", 0, 1)}, "two or more: a has 1, bb has 1"),
    ({"a": runs("a", 0, 2), "bb": runs("bb", 0, 2, names=NAMES[1:])}, "bb0 has no row for img0"),
    ({"a": runs("a", 0, 2, metrics=["cc"]), "bb": runs("bb", 0, 2, metrics=["nss"])},
     "no metric is in all of the tables")])
def test_runs_that_do_not_fit(models, message):
    with pytest.raises(InputError, match=message):
        compare_runs(models)


def test_engine_compares_runs(tmp_path, capsys):
    for label, shift in (("without", 0), ("with", 0.02)):
        for k, run in enumerate(runs(label, shift, 3)):
            run.write(tmp_path / f"{label}{k}.csv")
    groups = [f"{label}=" + ",".join(str(tmp_path / f"{label}{k}.csv") for k in range(3))
              for label in ("without", "with")]
    compare_tables(runs=groups, out=tmp_path / "runs.json")
    assert "paired over 3 runs, better than without" in capsys.readouterr().out
    stored = json.loads((tmp_path / "runs.json").read_text())
    assert stored["tables"] == ["without", "with"] and stored["paired_over"] == "runs"


@pytest.mark.parametrize("groups, message", [
    (["a.csv"], "'a.csv': write the tables of a model's runs as label="),
    (["=a.csv,b.csv"], "write the tables"), (["x=a.csv,"], "write the tables"),
    (["x=a.csv,a.csv"], "a.csv is named twice"),
    (["x=a.csv,b.csv", "x=c.csv,d.csv"], "x is named twice"),
    (["x=a.csv,b.csv", "y=b.csv,c.csv"], "b.csv is named twice")])
def test_groups_of_tables_that_are_refused(groups, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        write(tmp_path / f"{name}.csv", "stimulus,cc\na,1\nb,2\n")
    with pytest.raises(InputError, match=message):
        read_runs(groups)


def test_no_name_of_a_file_steers_the_terminal(tmp_path, capsys):
    paths = [tmp_path / "a\x1b[2J.csv", tmp_path / "b\x1b]0;x\x07.csv"]
    for path, score in zip(paths, (1.0, 2.0)):
        path.write_text(f"stimulus,nss\nx,{score}\ny,{score + 1}\nz,{score - 1}\n")
    compare_tables(paths, out=tmp_path / "out\x1b[1m.json")
    said = capsys.readouterr().out
    assert "\x1b" not in said and "\x07" not in said and r"a\x1b[2J" in said
