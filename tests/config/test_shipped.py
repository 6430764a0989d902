"""Configs that come with the package, by name, and the folders that hold what comes with it."""
import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.config.reading import find_config, list_configs
from keras_saliency.files import shipped as shipping
from keras_saliency.files.shipped import did_you_mean, shipped


def test_a_config_is_found_by_its_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert {"quickstart", "msi_net_osie", "ead_osie"} <= set(list_configs())
    for name in ("msi_net_osie", "msi_net_osie.yaml"):
        assert find_config(name) == shipped("configs") / "msi_net_osie.yaml"
        assert configs.load(name, ["data.root=x"]).data.name == "osie"


@pytest.mark.parametrize("dataset", ["cat2000", "dutomron", "fiwi", "mit1003", "osie", "pascals"])
def test_evaluation_by_a_config_keeps_the_canvas_of_the_network(dataset):
    """`evaluate --weights msi_net` with it works at 288x384; a canvas stated here would win."""
    assert configs.load(f"msi_net_{dataset}", ["data.root=x"]).data.canvas is None


def test_a_file_wins_over_a_name(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").mkdir()  # such as a run's folder: no file
    assert find_config("quickstart").parent == shipped("configs")
    (tmp_path / "quickstart.yaml").write_text("name: mine")
    assert configs.load("quickstart.yaml").name == "mine"
    assert configs.load("quickstart").name != "mine"


@pytest.mark.parametrize("name, hint", [
    ("msi_net_osei", "; did you mean msi_net_osie"),
    ("configs/ead_osie.yaml", "; did you mean ead_osie"),
    ("nowhere.yaml", "; those that come with the package: deepgaze1_mit1003, ")])
def test_an_unknown_name_lists_those_that_are_near(monkeypatch, tmp_path, name, hint):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as error:
        configs.load(name)
    assert str(error.value).startswith(f"no config file {name}{hint}")


def test_a_wheel_holds_the_folders_inside_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(shipping, "PACKAGE", tmp_path / "keras_saliency")
    monkeypatch.setattr(shipping, "CLONE", tmp_path)
    assert shipped("configs") == tmp_path / "configs"
    inside = tmp_path / "keras_saliency" / "configs"
    inside.mkdir(parents=True)
    assert shipped("configs") == inside and shipped("weights") == tmp_path / "weights"


def test_near_names():
    assert did_you_mean("osei", ["osie", "mit1003"]) == "; did you mean osie?"
    assert did_you_mean("nothing", ["osie", "mit1003"]) == ""
