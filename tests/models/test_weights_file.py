"""Damaged and malicious weights files: each gives one `WeightsError`, and no other file is read."""
import json
import shutil

import h5py
import hostile_hdf5
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.models import pretrained, weights_file
from keras_saliency.models.weights_file import WeightsError

SMALL = {"width_multiplier": 0.0001}  # one filter a layer
ATTRIBUTES = {"model": "salnet_shallow", "options": SMALL, "canvas": [96, 96]}


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return ks.build_model("salnet_shallow", **SMALL)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The file that each test has a copy of."""
    return weights_file.save(ks.build_model("salnet_shallow", **SMALL),
                             tmp_path_factory.mktemp("kept") / "w.h5", ATTRIBUTES,
                             extra={"_optimizer": {"0": np.arange(3)}})


@pytest.fixture
def path(kept, tmp_path):
    return shutil.copy(kept, tmp_path / "w.h5")


def edit(path, **attributes):
    """Set raw attributes; None removes one."""
    with h5py.File(path, "r+") as file:
        for name, value in attributes.items():
            if value is None:
                file.attrs.pop(name)
            else:
                file.attrs[name] = value


@pytest.mark.parametrize("way", hostile_hdf5.WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("place", ["conv2/kernel", "_optimizer/0"])
def test_no_other_file_is_read_into_weights(path, tmp_path, place, way):
    hostile_hdf5.replace(path, place, way, tmp_path / "other.h5")
    for read in (ks.load_pretrained, weights_file.read, weights_file.read_attributes,
                 lambda file: weights_file.read_group(file, "_optimizer"),
                 lambda file: ks.build_model("ead", encoder_weights=file)):
        with pytest.raises(WeightsError, match=f"w.h5: /{place} {hostile_hdf5.WAYS[way]}"):
            read(path)


def test_a_base_is_a_file_beside_it_or_in_weights_and_nothing_else(path, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path / "weights")
    with h5py.File(path, "r+") as file:
        del file["conv1"]
    secret = {"conv1": {"kernel": np.full((5, 5, 3, 1), 7.0), "bias": np.zeros(1)}}
    for place in ("run/beside.h5", "run/deeper/below.h5", "elsewhere/secret.h5", "weights/ours.h5"):
        weights_file.write(secret, tmp_path / place)
    inside = path.rename(tmp_path / "run" / "w.h5")
    for base in ("beside.h5", "ours.h5"):
        edit(inside, base=base)
        assert ks.load_pretrained(inside).get_layer("conv1").get_weights()[0].mean() == 7
    for base in ("../elsewhere/secret.h5", str(tmp_path / "elsewhere/secret.h5"),
                 "deeper/below.h5", "./beside.h5", "..", ".", "", "a" * 5000, "a\\0b", "[1]", "{}",
                 np.arange(3), 7):
        edit(inside, base=base)
        with pytest.raises(WeightsError, match="w.h5 builds on .*attribute 'base'"):
            ks.load_pretrained(inside)


@pytest.mark.parametrize("name, value", [
    ("model", 7), ("model", "nothing"), ("model", "itti"), ("model", np.array([b"ead"])),
    ("model", "[]"), ("model", b"\xff"), ("model", np.array(["ead"], object)),
    ("options", "[1, 2]"), ("options", "wide"), ("options", 3), ("options", np.arange(4)),
    ("options", '{"width_multiplier": 1e6}'), ("options", '{"width_multiplier": "1"}'),
    ("options", '{"width_multiplier": NaN}'), ("options", '{"width_multiplier": -1}'),
    ("options", '{"width_multiplier": true}'), ("options", '{"filters": 1000000000}'),
    ("options", '{"filters": 1.5}'), ("options", '{"filters": 0}'), ("options", '{"filters": []}'),
    ("options", '{"name": "ead"}'), ("options", '{"input_shape": [96, 96, 3]}'),
    ("options", '{"encoder_weights": "imagenet"}'), ("options", "[" * 60000),
    ("options", '{"\\ud800": 1}'), ("options", "a" * 2 ** 21),
    ("canvas", "[100000000, 100000000]"), ("canvas", "[96]"), ("canvas", "[96, 96, 3]"),
    ("canvas", "[0, 96]"), ("canvas", "[-96, -96]"), ("canvas", "[96.5, 96]"), ("canvas", "big"),
    ("canvas", "[true, true]"), ("canvas", "null"), ("canvas", '{"96": 96}'), ("canvas", 9),
    ("canvas", np.zeros((3, 3))), ("fit", "crop"), ("fit", "Stretch"), ("fit", "null"), ("fit", 1),
    ("fit", '["pad"]'), ("fit", "{}"), ("fit", np.zeros((3, 3))), ("fit", "a" * 2 ** 21),
])
def test_attributes_are_checked_before_a_model_is_built(path, monkeypatch, name, value):
    edit(path, **{name: value})
    monkeypatch.setattr(keras.layers, "Conv2D", pytest.fail)
    with pytest.raises(WeightsError, match=f"w.h5: attribute '{name}'") as raised:
        ks.load_pretrained(path)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize("network, options", [
    ("msi_net", {"preprocessing": []}), ("msi_net", {"preprocessing": "x"}),
    ("msi_net", {"aspp": 1}), ("msi_net", {"dropout": 1.5}), ("ead", {"widths": [1, 1, 1, 1e9]}),
    ("ead", {"widths": [1] * 10 ** 5}), ("ead", {"widths": None}), ("deepgaze1", {"backbone": 3}),
    ("deepgaze1", {"layer_subset": {"of": {}}}), ("deepgaze1", {"layer_subset": [[]]}),
    ("deepgaze1", {"layer_subset": {"type": []}}),
])
def test_options_of_every_network_are_checked(path, network, options):
    edit(path, model=network, options=json.dumps({**SMALL, **options}))
    with pytest.raises(WeightsError, match="w.h5: attribute 'options': "):
        ks.load_pretrained(path)


def test_shapes_are_compared_before_they_are_read(path, model, monkeypatch):
    with h5py.File(path, "r+") as file:
        del file["conv2/kernel"]
        file.create_dataset("conv2/kernel", (2 ** 22,), "f8", compression="gzip", chunks=(2 ** 20,))
    monkeypatch.setattr(weights_file.hdf5, "numbers", pytest.fail)
    with pytest.raises(WeightsError, match=r"conv2/kernel has shape \(4194304,\), salnet_shallow "
                                           r"needs \(3, 3, 1, 1\)"):
        ks.load_pretrained(path)


def test_more_than_the_file_explains_is_not_read(path):
    with h5py.File(path, "r+") as file:
        file.create_dataset("more/kernel", (2 ** 40,), "f4", chunks=(2 ** 20,))
        file.create_dataset("_optimizer/1", (2 ** 40,), "f4", chunks=(2 ** 20,))
    for read in (weights_file.read, ks.load_pretrained,
                 lambda file: weights_file.read_group(file, "_optimizer")):
        with pytest.raises(WeightsError, match="w.h5: its data would take .* bytes, the file has"):
            read(path)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f2"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_not_loaded(path, dtype, value):
    with h5py.File(path, "r+") as file:
        kernel = file["conv2/kernel"][()]
        del file["conv2/kernel"]
        kernel[0, 0, 0, 0] = value
        file["conv2/kernel"] = kernel.astype(dtype)
    for read in (weights_file.read, ks.load_pretrained):
        with pytest.raises(WeightsError, match="w.h5: conv2/kernel holds weights that are not fin"):
            read(path)


def test_numbers_beyond_float32_are_not_finite(path):
    with h5py.File(path, "r+") as file:
        del file["conv2/bias"]
        file["conv2/bias"] = np.array([1e300])
    with pytest.raises(WeightsError, match="w.h5: conv2/bias holds weights that are not finite"):
        weights_file.read(path)


@pytest.mark.parametrize("dtype, value", [("float32", np.nan), ("float32", np.inf),
                                          ("float16", 1e6)])
def test_weights_that_are_not_finite_are_not_written(model, path, dtype, value):
    before = path.read_bytes()
    kernel, bias = model.get_layer("conv3").get_weights()
    model.get_layer("conv3").set_weights([kernel, np.full_like(bias, value)])
    with pytest.raises(WeightsError, match="w.h5 is not written: conv3/bias (holds|has) weights"):
        weights_file.save(model, path, ATTRIBUTES, dtype)
    assert path.read_bytes() == before and len(list(path.parent.iterdir())) == 1


def test_ordinary_numbers_of_every_type_are_finite():
    largest = np.finfo(np.float16).max
    for dtype in (np.float16, np.float32, np.float64, np.int64):
        assert weights_file._is_finite(np.array([0, largest, -largest, 1]).astype(dtype))


READERS = (weights_file.read, weights_file.read_attributes,
           lambda file: weights_file.read_group(file, "_optimizer"))


def read_all(path) -> int:
    """Count the readers that accept the file; others must raise `InputError`.

    `load_pretrained` builds a model, which is slow, so it runs only if all others accept.
    """
    accepted = 0
    for read in (*READERS, ks.load_pretrained):
        if read is ks.load_pretrained and accepted < len(READERS):
            break
        try:
            read(path)
            accepted += 1
        except InputError as error:
            assert "w.h5" in str(error)
    return accepted


@pytest.mark.one_stack
def test_damaged_files_raise_our_error_alone(path):
    contents = path.read_bytes()
    accepted = []
    for damaged in hostile_hdf5.mutations(contents, 90, seed=7):
        path.write_bytes(damaged)
        accepted.append(read_all(path))
    assert 0 in accepted and len(READERS) + 1 in accepted  # some damage is fatal, some is not


@pytest.mark.one_stack
def test_attributes_of_any_kind_raise_our_error_alone(path):
    contents = path.read_bytes()
    rng = np.random.default_rng(8)
    values = ["", "null", "[]", "{}", "NaN", "-1", "1e999", '"\\ud800"', '{"a": {"a": []}}',
              b"\xff", "[" * 5000, 2 ** 63 - 1, -1.5, np.float16(np.nan), True, np.arange(3),
              np.array(["a"], object), np.array([b"a", b"b"]), np.zeros(1, [("a", "i4")]),
              h5py.Empty("f4"), "9" * 5000]
    names = ["model", "options", "canvas", "base", "epoch", "layer_names", "keras"]
    for _ in range(40):
        path.write_bytes(contents)
        edit(path, **{str(rng.choice(names)): values[rng.integers(len(values))]})
        read_all(path)
