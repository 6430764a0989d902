"""`evaluate.py --prior uniform`: a density without the center_bias that its network adds."""
import json

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.evaluation import engine
from keras_saliency.files import InputError
from keras_saliency.models import weights_file

OPTIONS = {"width_multiplier": 0.03, "layer_subset": ["block1_conv1"]}


def stored(tmp_path, name, **options):
    """A weights file of a network whose own map is flat; of deepgaze1, with a prior in a corner."""
    model = ks.build_model(name, **options)
    if name == "deepgaze1":
        model.get_layer("block1_conv1_readout").set_weights([np.zeros((1, 1, 2, 1))])
        model.get_layer("center_bias").log_density.assign(
            -0.1 * np.add.outer(np.arange(64.0), np.arange(64.0)))
    path = tmp_path / f"{name}.h5"
    weights_file.save(model, path, attributes={"model": name, "options": options,
                                               "canvas": [96, 128]})
    return path


def settings(*metrics):
    return configs.load(None, ["data.options={count: 10, size: [96, 128]}",
                               "data.canvas=[96, 128]",
                               f"evaluation.metrics=[{', '.join(metrics)}]"])


def scores(path, tmp_path, prior):
    out = tmp_path / f"{prior}.csv"
    engine.score(settings("auc_judd", "nss", "log_likelihood"), str(path), out=out, prior=prior)
    return json.loads(out.with_suffix(".json").read_text())


def test_nothing_but_the_stimulus_is_left(tmp_path):
    path = stored(tmp_path, "deepgaze1", **OPTIONS)
    with_prior, without = (scores(path, tmp_path, prior) for prior in ("center_bias", "uniform"))
    means = {name: entry["mean"] for name, entry in without["metrics"].items()}
    assert means == pytest.approx({"auc_judd": 0.5, "nss": 0, "log_likelihood": -np.log(96 * 128)},
                                  abs=1e-4)
    assert with_prior["metrics"]["nss"]["mean"] < -0.1
    assert "uniform prior" in without["prediction"] and "prior" not in with_prior["prediction"]


@pytest.mark.parametrize("source", ["ead", "center_bias", "baseline"])
def test_what_adds_no_center_bias_is_named(tmp_path, source):
    given = ({"baseline": "uniform"} if source == "baseline" else {"weights": "center_bias"}
             if source == "center_bias" else
             {"weights": str(stored(tmp_path, "ead", width_multiplier=0.03))})
    with pytest.raises(InputError, match="adds no center_bias to a log_density"):
        engine.score(settings("nss"), prior="uniform", **given)
