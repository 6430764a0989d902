"""Configs: every wrong key, type or value is named, nothing is guessed."""
from pathlib import Path

import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.datasets import DATASETS
from keras_saliency.losses import required_targets
from keras_saliency.models import build_model

CONFIGS = sorted((Path(__file__).resolve().parents[2] / "configs").glob("*.yaml"))


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


@pytest.mark.parametrize("text", ["", "train:\n", "train: {}\n", "train:\n  # lbfgs: none\n"])
def test_an_empty_section_takes_overrides(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(f"name: mine\n{text}")
    config = configs.load(path, ["train.epochs=3", "train.lbfgs.cell=8"])
    assert config.name == "mine" and config.train.epochs == 3 and config.train.lbfgs.cell == 8
    path.write_text("train:\n  lbfgs:\n  epochs: 4\ndata:\n- name: osie\n  options:\n")
    config = configs.load(path, ["train.lbfgs.cell=8", "data.0.options.count=2"])
    assert config.train.lbfgs.cell == 8 and config.train.epochs == 4
    assert config.data[0].options == {"count": 2}
    with pytest.raises(ConfigError, match="'train.epochs.x=1': epochs holds a value, not keys"):
        configs.load(path, ["train.epochs.x=1"])


STRETCHED = {"ead_mit1003", "salnet_shallow_isun", "salnet_shallow_osie", "salnet_shallow_salicon",
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
    ("data.weight=0", r"data\.weight must be above 0 and finite, not 0"),
    ("data.0.root=a", r"no key 'data\.0'; the keys here are name, root"),
    ("data.sigma_pixels=0", r"data\.sigma_pixels must be above 0 and finite, not 0"),
    ("data.sigma_pixels=-1", r"data\.sigma_pixels must be above 0"),
    ("data.sigma_pixels=.nan", r"data\.sigma_pixels must be above 0 and finite, not nan"),
    ("evaluation.batch=0", r"evaluation\.batch must be at least 1, not 0"),
    ("train.batch=0", r"train\.batch must be at least 1, not 0"),
    ("data.canvas=[100000000, 100000000]", r"data\.canvas is .* at most 16777216 pixels"),
])
def test_a_wrong_override_is_named(override, message):
    with pytest.raises(ConfigError, match=message):
        configs.load(None, [override])


TWO = "data=[{name: osie, root: a, canvas: [240, 320]}, {name: fixatons, root: b, weight: 0.5}]"


def test_data_may_be_a_list_that_overrides_reach_into(tmp_path):
    config = configs.load(None, [TWO, "data.1.root=c", "data.0.hold_out=3",
                                 "data.1.options.use_density=false"])
    assert [(data.name, data.root, data.weight) for data in config.sections] == [
        ("osie", "a", 1.0), ("fixatons", "c", 0.5)]
    assert config.data[0].hold_out == 3 and config.data[1].options == {"use_density": False}
    assert config.data[1].canvas is None  # the other's holds for both
    configs.save(config, tmp_path / "config.yaml")
    assert configs.load(tmp_path / "config.yaml") == config
    whole = configs.load(tmp_path / "config.yaml", ["data.1={name: popout}", "data.0.canvas.1=64"])
    assert whole.data[1] == configs.DataConfig(name="popout")
    assert whole.data[0].canvas == [240, 64]
    single = configs.load(tmp_path / "config.yaml", ["data={name: popout}"])
    assert single.sections == [single.data] == [configs.DataConfig(name="popout")]


@pytest.mark.parametrize("override, message", [
    ("data.root=c", r"'data\.root=c': data is a list; say which of data\.0 to data\.1, as in "
                    r"data\.0\.root=\.\.\."),
    ("data.2.root=c", r"data is a list; say which of data\.0 to data\.1, as in data\.0\.root"),
    ("data.2=c", r"say which of data\.0 to data\.1"),
    ("data.1.root.x=c", "root holds a value, not keys"),
    ("data.1.rooot=c", r"no key 'data\.1\.rooot'; the keys here are name, root"),
    ("data.1.canvas=3", r"data\.1\.canvas must be a list"),
    ("data.1={root: c}", r"data\.1 has no name; in a list each dataset needs one"),
    ("data.0=osie", r"data\.0 has no name"),
    ("data=[]", "data: an empty list"),
    ("data.1.weight=0", r"data\.1\.weight must be above 0 and finite, not 0"),
    ("data.1.weight=-1", r"data\.1\.weight must be above 0"),
    ("data.1.weight=.inf", r"data\.1\.weight must be above 0 and finite"),
    ("data.1.sigma_pixels=-1", r"^data\.1\.sigma_pixels must be above 0"),
    ("data.1.canvas=[48, 64]", r"data\.1\.canvas is \[48, 64\] and data\.0\.canvas \[240, 320\]"),
    ("data.1.fit=stretch", r"data\.1\.fit is stretch and data\.0\.fit pad; .* must be the same"),
    ("data.1.upright=true", r"data\.1\.upright is True and data\.0\.upright False"),
    ("data.0={name: osie, fit: stretch, upright: true}", r"data\.0\.upright saves padding"),
])
def test_a_wrong_section_of_a_list_is_named(override, message):
    with pytest.raises(ConfigError, match=message):
        configs.load(None, [TWO, override])


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
    assert f"keras-saliency train --config {path.stem} " in header or path.stem == "quickstart"
    assert "minutes" in header and "Score" in header
