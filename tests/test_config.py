"""Configs: every wrong key, type or value is named, nothing is guessed."""
from pathlib import Path

import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.datasets import DATASETS
from keras_saliency.losses import required_targets
from keras_saliency.models import build_model

CONFIGS = sorted((Path(__file__).resolve().parents[1] / "configs").glob("*.yaml"))


def test_defaults_overrides_and_round_trip(tmp_path):
    config = configs.load(None, ["train.epochs=3", "train.loss={kld: 1, neg_cc: 0.5}",
                                 "data.canvas=[48, 64]", "model.options.aspp=false",
                                 "train.learning_rate=1e-4", "train.freeze=block4"])
    assert config.train.epochs == 3
    assert config.train.loss == {"kld": 1.0, "neg_cc": 0.5}
    assert config.train.learning_rate == 1e-4  # text to YAML 1.1
    assert config.data.canvas == [48, 64] and config.model.options == {"aspp": False}
    configs.save(config, tmp_path / "config.yaml")
    assert configs.load(tmp_path / "config.yaml") == config


STRETCHED = {"ead_mit1003", "salnet_shallow_isun", "salnet_shallow_salicon",
             "vgg_linear_salicon_setup1", "vgg_linear_salicon_setup2_all"}
OLDER_SALICON = ("opensalicon", "salgan", "salnet_deep", "salnet_shallow")  # papers before 2017's


def test_shipped_configs_fit_stimuli_and_take_editions_as_their_authors():
    for path in CONFIGS:
        config = configs.load(path)
        for data in config.sections:
            assert (data.fit == "stretch") == (config.name in STRETCHED), path.name
            if data.name == "salicon":
                older = config.model.name in OLDER_SALICON
                assert (data.options.get("edition") == "2015") == older, path.name


@pytest.mark.parametrize("override, message", [
    ("train.epoch=3", r"no key 'train\.epoch'.*epochs"),
    ("trian.epochs=3", r"no key 'trian'.*train"),
    ("train.epochs=three", r"train\.epochs must be a whole number, not 'three'"),
    ("train.epochs=2.5", r"train\.epochs must be a whole number"),
    ("train.mirror=1", r"train\.mirror must be true or false"),
    ("train.learning_rate=fast", r"train\.learning_rate must be a number"),
    ("data.canvas=240", r"data\.canvas must be a list"),
    ("data.fit=crop", r"data\.fit 'crop'; choose pad or stretch"),
    ("train.loss=kld", r"train\.loss must be keys and values"),
    ("data=popout", r"data must hold keys"),
    ("train.epochs", r"write key=value or key\.sub=value"),
    ("train.epochs=[", r"not YAML"),
    ("name.x=1", r"name must be text"),
    ("model.options.encoder_weights=imagenet", r"'encoder_weights' is not an option of a model's"),
    ("data.sigma_pixels=0", r"data\.sigma_pixels must be above 0 and finite, not 0"),
    ("data.sigma_pixels=-1", r"data\.sigma_pixels must be above 0"),
    ("data.sigma_pixels=.nan", r"data\.sigma_pixels must be above 0 and finite, not nan"),
    ("evaluation.batch=0", r"evaluation\.batch must be at least 1, not 0"),
    ("train.batch=0", r"train\.batch must be at least 1, not 0"),
    ("data.canvas=[100000000, 100000000]", r"data\.canvas .* has more than 16777216 pixels"),
])
def test_a_wrong_override_is_named(override, message):
    with pytest.raises(ConfigError, match=message):
        configs.load(None, [override])


def test_a_wrong_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no config file .*missing.yaml"):
        configs.load(tmp_path / "missing.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1")
    with pytest.raises(ConfigError, match="broken.yaml is not readable YAML"):
        configs.load(broken)
    broken.write_text("- 1")
    with pytest.raises(ConfigError, match="expected keys and values, found list"):
        configs.load(broken)
    broken.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not readable YAML"):
        configs.load(broken)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_shipped_configs_are_valid_and_say_what_to_expect(path):
    config = configs.load(path)
    assert config.name == path.stem
    assert {data.name for data in config.sections} <= set(DATASETS)
    assert required_targets(config.train.loss)
    build_model(config.model.name, width_multiplier=0.02, **config.model.options)
    header = path.read_text().split("\nname:")[0]
    assert header.startswith("# "), "opens with the paper, the command, minutes and scores"
    assert f"scripts/train.py --config configs/{path.name}" in header or path.stem == "quickstart"
    assert "minutes" in header and "Score" in header
