"""Files that do not fit a model, and the script."""
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from writers import (
    SMALL,
    WIDTH,
    caffemodel,
    junting_file,
    junting_parameters,
    modern_layer,
    salgan_file,
    salnet_layers,
)

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.models import importing
from keras_saliency.models.weights_file import WeightsError

REPOSITORY = Path(__file__).resolve().parents[3]



def test_the_first_mismatch_is_named(kroner, tmp_path, rng):
    folder, *_ = kroner
    with pytest.raises(WeightsError, match=(
            r"model_cat2000_cpu.pb: conv1/conv1_1/kernel has shape \(3, 3, 3, 2\), msi_net needs "
            r"\(3, 3, 3, 64\) for block1_conv1/kernel")):
        importing.convert("msi_net", folder / "model_cat2000_cpu.pb", tmp_path / "out.h5")
    parameters = salgan_file(tmp_path / "gen.npz", rng)
    parameters[30] = np.zeros((16, 16, 5, 5), np.float32)
    np.savez(tmp_path / "gen.npz", *parameters)
    with pytest.raises(WeightsError, match=(
            r"gen.npz: arr_30 has shape \(16, 16, 5, 5\), salgan needs \(16, 16, 3, 3\) for "
            "uconv5_1/kernel")):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", **SMALL)
    np.savez(tmp_path / "gen.npz", *parameters[:-2])
    with pytest.raises(WeightsError, match="gen.npz: it has 52 arrays, SalGAN's generator 54"):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", **SMALL)
    layers = {**salnet_layers(rng)}
    del layers["conv4"]
    path = caffemodel(tmp_path / "deep.caffemodel", layers, modern_layer)
    with pytest.raises(WeightsError, match="deep.caffemodel has no 'conv4/0', which salnet_deep "
                                           "needs for conv4/kernel; it has conv1/0, conv1/1"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)
    layers = {**salnet_layers(rng)}
    layers["conv2"][0][0, 0, 0, 0] = np.nan
    path = caffemodel(tmp_path / "deep.caffemodel", layers, modern_layer)
    with pytest.raises(WeightsError, match="conv2/0 has values that are not finite"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)
    junting_file(tmp_path / "net.npz", junting_parameters(rng, 4)[:4])
    with pytest.raises(WeightsError, match="net.npz: it has 8 arrays, JuntingNet 10"):
        importing.convert("salnet_shallow", tmp_path / "net.npz", tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_every_converter_has_a_source():
    assert importing.SOURCES.keys() == importing.CONVERTERS.keys()
    assert all(facts["about"]["licence"] for facts in importing.SOURCES.values())


def test_unknown_models_options_and_folders_are_named(tmp_path, rng):
    with pytest.raises(WeightsError,
                       match="no converter for 'deepgaze'; there are alexnet, msi_net"):
        importing.convert("deepgaze", tmp_path / "x.npz", tmp_path / "out.h5")
    salgan_file(tmp_path / "gen.npz", rng)
    with pytest.raises(InputError, match="salgan has no option 'width'"):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5", width=2)
    path = caffemodel(tmp_path / "d.caffemodel", salnet_layers(rng), modern_layer)
    for encoder in ("alexnet", "vgg16"):
        with pytest.raises(InputError, match=f"{encoder} has no option 'width'; its options"):
            importing.convert(encoder, path, tmp_path / "out.h5", width=2)
    with pytest.raises(WeightsError, match="is a folder without saved_model.pb"):
        importing.convert("msi_net", tmp_path, tmp_path / "out.h5")


def script(*arguments):
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / "import_weights.py"), *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_the_script_converts_and_says_what(tmp_path, rng):
    salgan_file(tmp_path / "gen.npz", rng)
    code, out, err = script("salgan", tmp_path / "gen.npz", "--out", tmp_path / "salgan.h5",
                            "--float16", "--option", f"width_multiplier={WIDTH}")
    assert code == 0, err
    assert "salgan.h5: 27 layers, " in out and "from a .npz archive (sha256" in out
    assert ks.load_pretrained(tmp_path / "salgan.h5").name == "salgan"
    code, out, _ = script("--help")
    assert code == 0 and "keras-saliency import-weights salgan gen_modelWeights0090.npz" in out
