"""Networks in int8: what they lose is measured, said and bounded."""
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.export import generated_pictures, int8
from keras_saliency.export.openvino_model import convert, save_openvino
from keras_saliency.files import InputError

FEW = [np.random.default_rng(i).integers(0, 256, (40 + i, 60, 3), np.uint8) for i in range(8)]


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("openvino")
    pytest.importorskip("nncf")
    built = ks.build_model("msi_net", width_multiplier=0.1)
    built = ks.facts(built, canvas=(48, 64))
    return built


def test_losses_by_hand():
    truth = np.array([[1.0, 3.0]])[..., np.newaxis]
    assert int8.losses([truth], [truth]) == pytest.approx(
        {"nss": 0.0, "cc": 0.0, "kld": 0.0}, abs=1e-12)
    # standardised 1, 3 are -+1 / sqrt(2); of the reversed map the other way round
    lost = int8.losses([truth], [truth[:, ::-1]])
    assert lost["nss"] == pytest.approx((0.25 * -1 + 0.75 * 1) * 2 / np.sqrt(2))
    assert lost["cc"] == pytest.approx(2.0)
    assert lost["kld"] == pytest.approx(0.25 * np.log(0.25 / 0.75) + 0.75 * np.log(3))
    both = int8.losses([truth, truth], [truth, truth[:, ::-1]])
    assert both["cc"] == pytest.approx(1.0)
    # a map that may be negative is one whose lowest value is 0
    negative = int8.losses([truth - 5], [truth[:, ::-1] - 5])
    shifted = int8.losses([truth - 1], [truth[:, ::-1] - 1])
    assert negative == pytest.approx(shifted)


def test_the_last_layers_are_named_from_a_convolution_on(model):
    converted = convert(model, [1, 48, 64, 3])
    kinds = {o.get_friendly_name(): o.get_type_name() for o in converted.get_ordered_ops()}
    convolutions = [kind for kind in kinds.values() if "Convolution" in kind]
    for kept in (1, 3, len(convolutions), 100):
        names = int8.from_last(converted, kept)
        found = [kinds[name] for name in names]
        assert sum("Convolution" in kind for kind in found) == min(kept, len(convolutions))
        assert "Convolution" in found[0] and not {"Constant", "Parameter"} & set(found)


def test_int8_is_close_and_says_how_close(model, monkeypatch):
    said = []
    monkeypatch.setattr(int8, "LIMITS", dict.fromkeys(int8.LIMITS, 0.2))
    fast = ks.accelerate(model, "openvino", "int8", calibration=FEW, log=said.append)
    assert str(fast) == "msi_net on openvino in int8"
    assert set(fast.losses) == {"nss", "cc", "kld"} and "loss of NSS" in said[-1]
    image = FEW[3]
    expected, found = ks.predict(model, image), ks.predict(fast, image)
    assert 1e-6 < np.abs(found - expected).max()  # it is not float32
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95
    portrait = np.ascontiguousarray(image.transpose(1, 0, 2))
    assert ks.predict(fast, portrait).shape == portrait.shape[:2]


def test_layers_are_kept_out_until_the_loss_is_small(model, monkeypatch):
    said = []
    monkeypatch.setattr(int8, "KEPT", (1, 2))
    monkeypatch.setattr(int8, "LIMITS", {"nss": -9.0, "cc": 0.0, "kld": 0.0})
    with pytest.raises(InputError, match="msi_net in int8 loses more than NSS -9.0.* bfloat16"):
        int8.quantize(model, convert(model, [1, 48, 64, 3]), FEW, said.append)
    assert [line.split(":")[0] for line in said] == [
        f"int8 but for the last {n} convolutions" for n in (1, 2)]


def test_a_file_keeps_what_it_loses(model, tmp_path, monkeypatch):
    monkeypatch.setattr(int8, "LIMITS", dict.fromkeys(int8.LIMITS, 0.2))
    file = save_openvino(model, tmp_path / "int8", weights="int8", dynamic_canvas=True,
                         pictures=FEW, log=lambda line: None)
    plain = save_openvino(model, tmp_path / "float32")
    sizes = [f.with_suffix(".bin").stat().st_size for f in (file, plain)]
    assert sizes[0] < 0.5 * sizes[1]
    exported = ks.load_exported(tmp_path / "int8")
    assert exported.precision == "int8" and set(exported.losses) == {"nss", "cc", "kld"}
    assert ks.load_exported(file, "int8").losses == exported.losses
    expected = ks.predict(model, FEW[0])
    found = ks.predict(exported, FEW[0])
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.95
    with pytest.raises(InputError, match="is in int8: leave out the precision float32"):
        ks.load_exported(file, "float32")
    with pytest.raises(InputError, match="is not in int8: leave out the precision int8"):
        ks.load_exported(plain, "int8")
    assert ks.load_exported(plain).losses == {}
    damaged = file.read_text().replace("&quot;nss&quot;: ", "&quot;nss&quot; ")
    assert damaged != file.read_text()
    file.write_text(damaged)
    with pytest.raises(InputError, match="what it says of its losses is damaged"):
        ks.load_exported(file)


def test_what_cannot_be_calibrated_is_said(model):
    for pictures, message in (
            (FEW[:2], "2 pictures to calibrate int8 with; it takes at least 4"),
            ([*FEW, np.zeros((5, 5))], r"image must be \[H, W, 3\] RGB"),
            ([*FEW, np.full((5, 5, 3), np.nan)], "not finite")):
        with pytest.raises(InputError, match=message):
            ks.accelerate(model, "openvino", "int8", calibration=pictures)
    with pytest.raises(InputError, match="for calibration are for precision int8, not float32"):
        ks.accelerate(model, "openvino", calibration=FEW)
    with pytest.raises(InputError, match="onnxruntime has no precision 'int8'"):
        ks.accelerate(model, "onnxruntime", "int8")


@pytest.mark.parametrize("size", [(48, 64), (96, 40), (8, 8), (240, 320)])
def test_generated_pictures(size):
    pictures = generated_pictures.generate(5, size)
    assert pictures.shape == (5, *size, 3) and pictures.dtype == np.float32
    assert pictures.min() >= 0 and pictures.max() <= 255
    np.testing.assert_array_equal(pictures, generated_pictures.generate(5, size))
    assert not np.array_equal(pictures, generated_pictures.generate(5, size, seed=1))
    assert (pictures.std(axis=(1, 2, 3)) > 10).all()  # none of one colour
