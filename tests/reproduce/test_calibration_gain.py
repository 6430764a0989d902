"""The table of calibrations: each number of stimuli has its rows, larger draws hold the smaller."""
import csv

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.models import weights_file
from keras_saliency.reproduce import calibration_gain
from keras_saliency.training import calibration_likelihood as likelihood


@pytest.mark.slow
def test_each_size_and_draw_has_a_row(tmp_path, monkeypatch):
    options = {"width_multiplier": 0.03}
    path = weights_file.save(ks.build_model("ead", **options), tmp_path / "w.h5", {
        "model": "ead", "options": options, "canvas": [48, 64]})
    fit, seen, lines = likelihood.fit, [], []

    def watched(cells, rows):
        seen.append({cells.dataset.names[row] for row in rows})
        return fit(cells, rows)

    monkeypatch.setattr(likelihood, "fit", watched)
    config = configs.load(None, [f"output={tmp_path}", "name=c",
                                 "data.options={count: 20, size: [96, 128]}"])
    rows = calibration_gain.run(config, [path], stimuli=(5, 8), draws=2, log=lines.append)
    assert [row[1:3] for row in rows] == [(5, 0), (5, 1), (8, 0), (8, 1)]
    assert [len(names) for names in seen] == [5, 5, 8, 8]
    assert seen[0] < seen[2] and seen[1] < seen[3] and seen[0] != seen[1]
    with open(tmp_path / "c" / "calibration.csv", newline="") as file:
        written = list(csv.DictReader(file))
    assert [float(row["calibrated"]) for row in written] == [row[9] for row in rows]
    for row in written:
        for name in ("center_bias_alone", "uncalibrated", "calibrated"):
            low, mean, high = (float(row[name + end]) for end in ("_low", "", "_high"))
            assert low <= mean <= high and np.isfinite(mean)
    # the same maps and the same formula, whatever they were fitted to
    assert len({row["uncalibrated"] for row in written}) == 1
    assert "10 validation stimuli" in lines[0] and f"| `{path}` | 8 |" in lines[0]
