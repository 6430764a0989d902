"""From the section `data` of a config to stimuli."""
from dataclasses import replace

import numpy as np
import pytest

from keras_saliency.config import DataConfig
from keras_saliency.datasets import loading, popout
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
