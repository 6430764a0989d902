"""From the section `data` of a config to stimuli."""
from dataclasses import replace

import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError, DataConfig
from keras_saliency.datasets import loading, pipeline, popout
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.maps import DENSITY, FIXATIONS


@pytest.mark.parametrize("partition, use", [(("train", "val"), "training"), (("val",),
                                                                           "evaluation")])
@pytest.mark.parametrize("published", [False, True])
def test_a_part_without_a_fixation_is_refused_before_work_starts(monkeypatch, partition, use,
                                                                 published):
    dataset = popout.load(count=20, size=(96, 96))
    seen = ~np.isin(np.asarray(dataset.partition)[dataset.fixations.image], partition)
    dataset = replace(dataset, fixations=dataset.fixations.where(seen),
                      density_files=("x.png",) * 20 if published else None)
    monkeypatch.setattr(loading, "load_dataset", lambda *_, **__: dataset)
    with pytest.raises(DatasetError, match=f"popout: no fixations on any .* 10 stimuli for {use}"):
        loading.load_data(DataConfig(name="popout"), (FIXATIONS, DENSITY))
    if published:
        training, validation, _ = loading.load_data(DataConfig(name="popout"))
        assert len(training) == len(validation) == 10
    else:
        with pytest.raises(DatasetError, match=f"stimuli for {use}"):
            loading.load_data(DataConfig(name="popout"))


@pytest.mark.parametrize("settings, sigma", [
    ({}, 16), ({"sigma_dva": 1.0}, 24), ({"sigma_pixels": 5.0}, 5),
    ({"sigma_dva": 1.0, "sigma_pixels": 5.0}, 5)])
def test_the_blur_is_that_of_the_literature_unless_it_is_set(monkeypatch, settings, sigma):
    dataset = replace(popout.load(count=20, size=(96, 96)), name="osie", pixels_per_dva=24.0)
    monkeypatch.setattr(loading, "load_dataset", lambda *_, **__: dataset)
    assert loading.load_data(DataConfig(name="osie", **settings))[2].sigma == sigma


@pytest.mark.parametrize("name, sigma", [("dutomron", 16), ("fiwi", 30), ("isun", 16),
                                         ("pascals", 16)])
def test_a_blur_is_known_where_the_viewing_distance_is_not(monkeypatch, name, sigma):
    dataset = replace(popout.load(count=20, size=(96, 96)), name=name, pixels_per_dva=None)
    monkeypatch.setattr(loading, "load_dataset", lambda *_, **__: dataset)
    assert loading.load_data(DataConfig(name=name))[2].sigma == sigma


def section(name="popout", **values):
    return DataConfig(name=name, **values)


def shapes(*sizes):
    """A dataset of popout arrays of which only the sizes are changed."""
    whole = popout.load(count=len(sizes), size=(96, 96))
    return replace(whole, sizes=np.array(sizes, np.int32), partition=None, fixations=replace(
        whole.fixations, sizes=np.array(sizes, np.int32)))


def test_portrait_stimuli_come_last_where_their_canvas_is_turned(monkeypatch):
    dataset = shapes(*[(120, 100), (100, 120), (110, 110), (130, 100), (100, 130)] * 4)
    monkeypatch.setattr(loading, "load_dataset", lambda *_, **__: dataset)
    plain = loading.load_data(section())
    assert not plain[2].upright and len(pipeline.by_canvas(plain[0], plain[2])) == 1
    training, validation, spec = loading.load_data(section(upright=True, canvas=[48, 64]))
    for turned, before in zip((training, validation), plain):
        is_portrait = turned.sizes[:, 0] > turned.sizes[:, 1]
        assert is_portrait.tolist() == sorted(is_portrait) and 0 < is_portrait.sum() < len(turned)
        for chosen in (False, True):  # in their order among each other
            assert [n for n, p in zip(turned.names, is_portrait) if p == chosen] == [
                n for n, (h, w) in zip(before.names, before.sizes) if (h > w) == chosen]
    pieces = pipeline.by_canvas(training, spec)
    assert [own.canvas for _, own in pieces] == [(48, 64), (64, 48)]
    assert sum((piece.names for piece, _ in pieces), ()) == training.names


def test_sections_share_a_canvas_that_one_of_them_states():
    options = {"count": 20, "size": [96, 128]}
    first, second = loading.load_sections([
        section(options=options, sigma_pixels=3.0),
        section(options={**options, "seed": 3}, canvas=[48, 64], weight=2.0)])
    assert first.spec.canvas == second.spec.canvas == (48, 64)
    assert (first.spec.sigma, first.label, second.label) == (3, "popout", "popout-2")
    assert second.spec.sigma != 3
    shares = loading.training_shares([first, second])
    assert [(share.count, share.weight, share.canvas) for share in shares] == [
        (10, 1.0, (48, 64)), (10, 2.0, (48, 64))]


def test_sections_of_other_canvases_need_one_that_is_chosen(monkeypatch):
    monkeypatch.setattr(loading, "load_dataset", lambda name, *_, **__: replace(
        popout.load(count=20, size=(96, 96)), name=name))
    sections = [section("osie", sigma_pixels=2.0), section("mit1003", sigma_pixels=2.0)]
    with pytest.raises(ConfigError, match=r"canvases of their own, osie 240x320, mit1003 360x360; "
                                          r"choose .* set data.0.canvas=\[HEIGHT,WIDTH\]"):
        loading.load_sections(sections)


def test_an_error_names_the_section_it_is_of():
    with pytest.raises(DatasetError, match="osie: data.1.root is not set.* data.1.root=PATH"):
        loading.load_sections([section(options={"count": 4}), section("osie")])
    with pytest.raises(DatasetError, match="osie: data.root is not set"):
        loading.load_sections([section("osie")])


def test_a_list_where_one_dataset_is_needed_says_how_to_take_one():
    config = configs.load(None, ["data=[{name: popout, options: {count: 4}, weight: 2}, "
                                 "{name: osie, root: 'a b'}]"])
    with pytest.raises(ConfigError, match="list of 2 datasets, of which one is needed") as caught:
        loading.load_data(config.data)
    remedy = str(caught.value).split('set "')[1].rstrip('"')
    assert configs.load(None, [remedy]).data == config.data[0]
