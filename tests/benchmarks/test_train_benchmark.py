"""The table of training speeds, and that each variant of it trains."""
import functools

import numpy as np
import pytest

from benchmarks import train
from keras_saliency.datasets import pipeline, popout
from keras_saliency.models import build_model
from keras_saliency.models.precision import BFLOAT16, FLOAT32


def test_the_table_has_what_was_measured():
    speeds = {(variant, FLOAT32): 2.0 for variant in train.VARIANTS}
    speeds["step", BFLOAT16] = 3.0
    rows = train.describe("ead", speeds).splitlines()
    assert rows[2] == "| step | 2.00 | 3.00 | 1.50 |" and rows[3] == "| frozen | 2.00 | | |"
    assert len(rows) == 2 + len(train.VARIANTS)


@pytest.mark.parametrize("variant", train.VARIANTS)
def test_each_variant_trains(monkeypatch, variant):
    models = []

    def tiny(name):
        models.append(build_model(name, width_multiplier=0.03))
        return models[-1]

    monkeypatch.setattr(train, "build_model", tiny)
    dataset = popout.load(count=4, size=(96, 128))
    spec = pipeline.CanvasSpec((48, 64), 4.0)
    steps = train.VARIANTS[variant]("ead", FLOAT32, dataset, spec, 2)
    before = [w.copy() for w in models[0].get_weights()]
    functools.partial(steps, 2)()
    moved = [not np.array_equal(a, b) for a, b in zip(before, models[0].get_weights())]
    assert any(moved) and all(moved) == (variant in ("step", "loop"))
