"""`evaluate.py --prior uniform`: a density without the center_bias that its network adds."""
import json

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.evaluation.scores import of_predictor, remove_center_bias, score
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
    model = ks.load_pretrained(path)
    if prior == "uniform":
        remove_center_bias(model)
    score(settings("auc_judd", "nss", "log_likelihood"), of_predictor(ks.predictor(model)), out=out)
    return json.loads(out.with_suffix(".json").read_text())


def test_nothing_but_the_stimulus_is_left(tmp_path):
    path = stored(tmp_path, "deepgaze1", **OPTIONS)
    with_prior, without = (scores(path, tmp_path, prior) for prior in ("center_bias", "uniform"))
    means = {name: entry["mean"] for name, entry in without["metrics"].items()}
    assert means == pytest.approx({"auc_judd": 0.5, "nss": 0, "log_likelihood": -np.log(96 * 128)},
                                  abs=1e-4)
    assert with_prior["metrics"]["nss"]["mean"] < -0.1


def test_a_network_that_adds_no_center_bias_is_named():
    with pytest.raises(InputError, match="ead adds no center_bias to a log_density"):
        remove_center_bias(ks.build_model("ead", width_multiplier=0.03))


def test_the_command_says_which_prior_it_took(run, tmp_path):
    path, table = stored(tmp_path, "deepgaze1", **OPTIONS), tmp_path / "u.csv"
    given = ["--set", "data.options={count: 10, size: [96, 128]}", "evaluation.metrics=[nss]"]
    code, said = run("evaluate", "--weights", path, "--prior", "uniform", "--out", table, *given)
    assert code == 0 and f"scoring deepgaze1 from {path} with a uniform prior on" in said
    assert "uniform prior" in json.loads(table.with_suffix(".json").read_text())["prediction"]
    code, said = run("evaluate", "--weights", "gbvs", "--prior", "uniform", *given)
    assert code == 2 and "gbvs is no network" in said
    code, said = run("evaluate", "--baseline", "uniform", "--prior", "uniform", *given)
    assert code == 2 and "--prior is for networks" in said
