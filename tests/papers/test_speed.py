"""Speed of a network on this machine."""
import keras

from papers.shared import speed


def test_the_median_leaves_the_warm_up_out(monkeypatch):
    image = keras.Input((None, None, 3))
    ticks = iter([0, 100, 100, 102, 102, 105, 105, 112])  # takes 100, then 2, 3 and 7 seconds
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(ticks))
    monkeypatch.setattr(speed, "forward_function", lambda model: model)
    seconds = speed.seconds_per_image(keras.Model(image, keras.layers.ReLU()(image)), (4, 4),
                                      runs=3, warm_up=1)
    assert seconds == 3


def test_the_machine_is_named(tmp_path, monkeypatch):
    facts = tmp_path / "cpuinfo"
    facts.write_text("processor : 0\nmodel name : Abacus 9\nprocessor : 1\nmodel name : Other\n")
    monkeypatch.setattr(speed, "CPU_FACTS", facts)
    found = speed.machine()
    assert found["processor"] == "Abacus 9" and found["cores"] >= 1 and found["memory_gib"] > 0
    monkeypatch.setattr(speed, "CPU_FACTS", tmp_path / "none")
    assert speed.machine()["processor"]
