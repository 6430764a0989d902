"""Every engine that is there has a row, and its map is compared with Keras'."""
from benchmarks import engines
from keras_saliency.export import accelerated, formats
from keras_saliency.models import precision


def test_engines_are_compared_with_keras(monkeypatch):
    for module in (precision, accelerated):
        monkeypatch.setattr(module, "native_bfloat16", lambda: False)
    installed = [name for name, spec in formats.engines().items() if not accelerated._missing(spec)]
    lines = []
    results = engines.run(rounds=1, log=lines.append, width_multiplier=0.05)
    assert {engines.KERAS, *(f"{name}, float32" for name in installed)} <= set(results)
    # int8 may harm a network as small as this one
    left_out = [line for line in lines if line.startswith("left out: ") and "loses" not in line]
    assert len(left_out) == sum(bool(accelerated._missing(spec, p)) for spec in
                                formats.engines().values()
                                for p in spec.precisions if p != "auto")
    assert results[engines.KERAS][1] == 0
    for name, (ms, difference, losses) in results.items():
        assert ms > 0 and difference < (1e-4 if "float32" in name else 0.5), name
        assert 0 <= losses["kld"] + 1e-9 and ("float32" not in name or losses["cc"] < 1e-6)
    rows = lines[-1].splitlines()
    assert len(rows) == 2 + len(results) and rows[2].split("|")[3].strip() == "1.00"
