"""The report on units: what it holds, from planted units, and how it looks in a browser."""
import csv
import dataclasses
import json
import re
import shutil
import subprocess

import cv2
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.datasets import pipeline
from keras_saliency.models import weights_file
from keras_saliency.report import page, unit_report
from keras_saliency.units import relation, unit_study

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)


@pytest.fixture(scope="module")
def models(color_model):
    dark = keras.models.clone_model(color_model)
    dark.get_layer("colors").set_weights([-np.eye(3, 4, dtype=np.float32)[None, None]])
    dark.get_layer("red").set_weights(color_model.get_layer("red").get_weights())
    return {"plain": color_model, "negative": dark}


@pytest.fixture(scope="module")
def study(planted, models):
    return unit_study.study_units(models, ["colors", "cells"], planted, untrained=("negative",),
                                  units_shown=1)


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    unit_report.write(study, folder, log=lambda line: None)
    return folder


def test_the_table_is_that_of_the_paper(study):
    plain, cells, negative, _ = study.table()
    assert (plain["model"], plain["layer"], plain["units"]) == ("plain", "colors", 4)
    assert plain["best unit"] == 0 and plain["detectors"] == 1 and plain["dead"] == 1
    assert plain["ratio"] == 0.25 and cells["units"] == 3
    assert plain["model NSS"] == pytest.approx(plain["mean NSS of units"] * 4 - sum(
        study.layers[0].scores.moments.mean[1:]), abs=0.05)  # the output is unit 0, enlarged
    assert np.isnan(negative["model NSS"]) and negative["best unit"] == 1
    assert [layers for layers, _ in study.correlations()] == [
        {"plain": "colors", "negative": "colors"}, {"plain": "cells", "negative": "cells"}]
    assert np.isnan(study.correlations()[0][1].coefficient)  # of one model


def test_galleries_show_the_best_images(study):
    first = study.layers[0]
    examples = first.examples["high"][0]
    assert [e.image for e in examples] == first.scores.best.images[:5, 0].tolist()
    assert [e.nss for e in examples] == first.scores.best.scores[:5, 0].tolist()
    assert examples[0].activation.shape == (16, 24)
    assert set(first.examples) == {"high", "medium", "low"}
    assert first.low_maps["colors"].shape == (16, 24)


def test_every_unit_has_a_row(study, folder):
    with open(folder / "units.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 + 3 + 4 + 3
    assert [(r["unit"], r["detector"], r["dead"]) for r in rows[:4]] == [
        ("0", "yes", ""), ("1", "", ""), ("2", "", ""), ("3", "", "dead")]
    assert float(rows[0]["score"]) == study.layers[0].detectors.scores[0]
    with open(folder / "detectors.csv", newline="") as file:
        assert [r["model"] for r in csv.DictReader(file)] == ["plain"] * 2 + ["negative"] * 2


def test_the_page_is_complete_in_itself(folder):
    text = (folder / "report.html").read_text()
    assert "://" not in text and "href" not in text
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)', text))
    data = json.loads(re.search(r'type="application/json">(.*?)</script>', text).group(1))
    assert len(data["rows"]) == 14 and len(data["rows"][0]) == 9
    assert text.count("<figure>") > 20
    for picture in (folder / "figures").iterdir():
        assert cv2.imread(str(picture)).std() > 1, picture
    names = {p.name for p in (folder / "figures").iterdir()}
    assert {"plain_colors_high.png", "colors_nss.png", "low_units.png"} <= names


def test_text_is_escaped():
    cell = page.table([{"a<b": "<script>"}]) + page.sortable_table(
        {"x": str}, [["</script><b>"]], sort="x") + page.paragraph("1 < 2 & 3")
    assert "<script>" not in cell.replace('<script type="application/json">', "")
    assert "</script><b>" not in cell and "1 &lt; 2 &amp; 3" in cell
    assert "none" in page.table([])


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_in_a_browser(folder, tmp_path, width):
    """Its script has run (rows are drawn and sorted), and nothing is wider than the window."""
    common = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
              "--disable-background-networking", "--disable-component-update", "--disable-sync",
              f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1600"]
    url = f"file://{folder / 'report.html'}"
    dom = subprocess.run([*common, "--dump-dom", url], capture_output=True, text=True, timeout=120)
    body = dom.stdout.split("<tbody>")[2]
    assert body.count("<tr>") >= 14 and 'aria-sort="descending"' in dom.stdout
    first = re.findall(r"<td[^>]*>(.*?)</td>", body)[:4]
    assert first[0] in ("plain", "negative") and float(first[3]) > 2
    shot = tmp_path / "shot.png"
    subprocess.run([*common, "--hide-scrollbars", f"--screenshot={shot}", url],
                   capture_output=True, timeout=120)
    picture = cv2.imread(str(shot))
    assert picture.shape[1] == width and picture.std() > 5
    assert (picture[:, -8:] == picture[0, -1]).mean() > 0.98  # the margin stays free


def test_joined_layers_are_named_in_tables_and_galleries(planted, color_model, tmp_path):
    study = unit_study.study_units({"plain": color_model}, ["colors", "cells+colors"], planted,
                                   units_shown=1)
    unit_report.write(study, tmp_path, log=lambda line: None)
    with open(tmp_path / "units.csv", newline="") as file:
        rows = [[row[c] for c in ("layer", "unit", "scaled with")] for row in csv.DictReader(file)]
    assert rows[3:6] == [["colors", "3", ""], ["cells", "0", "cells+colors"],
                         ["cells", "1", "cells+colors"]]
    assert rows[-1] == ["colors", "3", "cells+colors"] and len(rows) == 4 + 3 + 4
    names = {p.name for p in (tmp_path / "figures").iterdir()}
    assert {"plain_cells+colors_high.png", "cells+colors_nss.png"} <= names
    text = (tmp_path / "report.html").read_text()
    unit = next(iter(study.layers[1].examples["high"]))
    assert f"unit {study.layers[1].name(unit)}: score" in text and " " in study.layers[1].name(unit)


def test_regions_and_targets_are_part_of_the_report(study, planted, models, tmp_path):
    labels = tmp_path / "labels"
    halves = np.ones((64, 96), np.int32)
    halves[:, 48:] = 2
    for part, values in (("SegmentationObject", halves),
                         ("SegmentationClass", np.where(halves == 1, 1, 37))):
        (labels / part).mkdir(parents=True)
        for name in planted.names:
            np.save(labels / part / f"{name}.npy", values)
    scores = unit_study.study_regions(models, ["colors"], planted, labels, 8.0)
    assert list(study.trained(models)) == ["plain"]
    relations = relation.study_relations(models, scores, planted)
    example = relations["plain"].example
    np.testing.assert_array_equal(
        relations["plain"].prediction,
        ks.predict(models["plain"], pipeline.stimulus_loader(planted)(example.image).numpy()))
    regions = scores["plain"]
    assert example.output in regions.output[example.category]
    rows = relation.unit_rows(scores)
    assert list(rows[0]) == ["model", "layer", "person head", "text"]
    moments = scores["plain"].units["colors"]["text"]
    assert rows[0]["text"] == pytest.approx(moments.mean.mean())  # fewer than ten units
    assert relation.unit_rows(scores, "above")[0]["text"] == (moments.mean > 1.5).sum()
    assert relation.output_rows(scores)[1]["regions"] == 12
    full = dataclasses.replace(study, regions=scores, targets={"plain": {"colors": moments}},
                               relations=relations, layers=study.layers[:1])
    unit_report.write(full, tmp_path / "out", log=lambda line: None)
    text = (tmp_path / "out" / "report.html").read_text()
    assert "Salient regions" in text and "Pop-out targets" in text
    assert "measurement x cluster" in text and "Inner saliency of the 2 trained models" in text
    assert "generated arrays of 480x640 pixels" in text
    for name in ("improvement", "plain_inner_output", "negative_inner_output"):
        assert cv2.imread(str(tmp_path / "out" / "figures" / f"{name}.png")).std() > 1
    with open(tmp_path / "out" / "regions_output.csv", newline="") as file:
        points = list(csv.DictReader(file))
    assert [(p["model"], p["category"]) for p in points] == [
        (m, c) for m in models for c in ("person head", "text")]
    assert float(points[1]["OS"]) == pytest.approx(np.nanmean(regions.output["text"]))
    with open(tmp_path / "out" / "regions_anova.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 4 * 2
    with open(tmp_path / "out" / "regions_pairs.csv", newline="") as file:
        assert [(row["category"], row["other"]) for row in csv.DictReader(file)] == [
            ("person head", "text")]
    with open(tmp_path / "out" / "regions_top.csv", newline="") as file:
        assert float(next(csv.DictReader(file))["text"]) == pytest.approx(rows[0]["text"])


def test_models_are_named_by_their_files(tmp_path):
    model = ks.build_model("ead", width_multiplier=0.03)
    for run in ("one", "two"):
        weights_file.save(model, tmp_path / run / "best.h5",
                          {"model": "ead", "options": {"width_multiplier": 0.03}})
    config = configs.from_dict({"model": {"name": "ead"}})
    names = [tmp_path / "one", tmp_path / "two" / "best.h5", ks.save(model, tmp_path / "own.keras")]
    assert list(unit_study.load_models(names, config.model)) == ["one", "two", "own"]
    with pytest.raises(ValueError, match="two models are called 'one'"):
        unit_study.load_models([tmp_path / "one", tmp_path / "one" / "best.h5"], config.model)
