"""The table of NMM: every classical model has its row, and the numbers are those of the metric."""
import csv

import numpy as np
import pytest
import scipy.stats

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.datasets import popout
from keras_saliency.models import weights_file
from keras_saliency.reproduce import popout_nmm


def test_each_model_has_its_mean_by_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(popout_nmm, "list_pretrained", lambda: [])
    model = ks.build_model("ead", input_shape=(96, 128, 3), width_multiplier=0.03)
    weights = weights_file.save(model, tmp_path / "mine.h5", {
        "model": "ead", "options": {"width_multiplier": 0.03}, "canvas": [96, 128]})
    lines = []
    scores = popout_nmm.run(configs.load(None, [f"output={tmp_path}", "name=p"]), arrays=12,
                              size=(96, 128), weights=[weights], log=lines.append)
    assert set(scores) == {"bms", "center_bias", "gbvs", "itti", str(weights)}
    arrays = [popout.render(i, (96, 128)) for i in range(12)]
    nmm = np.array([ks.metrics.nmm(ks.predict(ks.build_model("gbvs"), a.image), a.mask)
                    for a in arrays])
    assert scores["gbvs"]["all"] == np.float64(nmm).mean()
    assert scores["gbvs"]["standard error"] == pytest.approx(scipy.stats.sem(nmm))
    assert scores[str(weights)]["all"] == pytest.approx(np.mean(
        [ks.metrics.nmm(ks.predict(model, a.image), a.mask) for a in arrays]), abs=1e-5)
    color = [i for i, a in enumerate(arrays) if a.kind == "color"]
    assert len(color) == 2 and scores["gbvs"]["color"] == nmm[color].mean()
    rows = list(csv.DictReader(open(tmp_path / "p" / "popout.csv")))
    assert {row["model"] for row in rows} == set(scores)
    assert "| `gbvs` |" in lines[0]
