"""Files of the wrong kind, damaged files, and files that would run code."""
import dataclasses
import functools
import os
import pickle
import zipfile

import numpy as np
import pytest
from writers import (
    SMALL,
    caffemodel,
    junting_file,
    junting_parameters,
    modern_layer,
    old_layer,
    salgan_file,
    salnet_layers,
    vgg_arrays,
)

import keras_saliency as ks
from keras_saliency.models import importing
from keras_saliency.models.importing import formats
from keras_saliency.models.weights_file import WeightsError


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("name, remedy", [
    ("salnet_shallow", r"salnet_shallow is read from a \.npz archive\. .*get_all_params\(\).*npz"),
    ("vgg16", r"vgg16 is read from a Caffe model\. VGG16 comes with this package as weights/vgg16"),
    ("salgan", r"salgan is read from a \.npz archive\. weights/README.md says where"),
])
@pytest.mark.parametrize("kind", ["pickle", "npy", "torch", "old torch"])
def test_pickles_are_refused_with_the_remedy_and_do_not_run(tmp_path, name, remedy, kind):
    payload = pickle.dumps(Payload(tmp_path / "was here"), 2)
    pickle.loads(payload)
    (tmp_path / "was here").rmdir()  # it would have run
    file = tmp_path / {"pickle": "a.pickle", "npy": "vgg16.npy"}.get(kind, "vgg16.pth")
    if kind == "npy":
        np.save(file, np.array(Payload(tmp_path / "was here"), object))
    elif kind == "torch":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("vgg16/data.pkl", payload)
    else:
        file.write_bytes(payload)
    called = {"npy": r"\.npy file", "torch": "torch file"}.get(kind, "pickle, which can run any co")
    with pytest.raises(WeightsError, match=rf"{file.name} is a {called}.*; {remedy}"):
        importing.convert(name, file, tmp_path / "out.h5")
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


def test_endings_alone_tell_pickles_and_torch_files(tmp_path):
    for ending, kind in formats.REFUSED_ENDINGS.items():
        (tmp_path / f"a{ending}").write_bytes(b"(dp0\n.")  # the oldest protocol has no first bytes
        assert formats.detect(tmp_path / f"a{ending}") == kind


@pytest.mark.parametrize("file, content, message", [
    ("none.npz", None, "no file .*none.npz"),
    ("empty.npz", b"", "empty.npz is empty"),
    ("page.npz", b"<!DOCTYPE html>", "page.npz is a web page"),
    ("pointer.npz", b"version https://git-lfs.github.com/spec/v1", "pointer of Git LFS"),
    ("ours.npz", b"\x89HDF\r\n\x1a\n", "is HDF5 already"),
    ("what.bin", b"1234", "unknown kind of file; known are .caffemodel, .pb"),
    ("other.caffemodel", b"\x00\x01", "other.caffemodel is a Caffe model; salgan is read from a"),
    ("cut.npz", b"PK\x03\x04", "cut.npz is not a readable .npz archive .BadZipFile"),
    ("text.npz", b"some text", "text.npz is not a readable .npz archive"),
])
def test_wrong_files_are_named(tmp_path, file, content, message):
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        importing.convert("salgan", tmp_path / file, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def originals(rng, folder):
    """Return {kind: (model, small intact file)} for the kinds that are one file."""
    salgan_file(folder / "gen.npz", rng)
    junting_file(folder / "net.npz", junting_parameters(rng, 4))
    return {"caffemodel": ("salnet_deep", caffemodel(folder / "d.caffemodel", salnet_layers(rng),
                                                     modern_layer)),
            "old caffemodel": ("vgg16", caffemodel(folder / "v.caffemodel", {
                f"conv{name}": blobs for name, blobs in vgg_arrays(rng).items()}, old_layer)),
            "npz": ("salgan", folder / "gen.npz"),
            "inferred npz": ("salnet_shallow", folder / "net.npz")}


def damaged(data, rng):
    """Cut bytes short, or change some: anywhere, or near the start, which holds the structure."""
    if rng.random() < 0.3:
        return data[:rng.integers(1, len(data))]
    changed = bytearray(data)
    end = len(data) if rng.random() < 0.5 else min(len(data), 400)
    for position in rng.integers(0, end, rng.integers(1, 6)):
        changed[position] = rng.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("kind", ["caffemodel", "old caffemodel", "npz", "inferred npz", "pb"])
def test_damaged_files_give_one_kind_of_error(kroner, tmp_path, rng, monkeypatch, kind):
    name, source = (("msi_net", kroner[0] / "model_cat2000_cpu.pb") if kind == "pb"
                    else originals(rng, tmp_path)[kind])
    converter = importing.CONVERTERS[name]
    model = (converter.build or functools.partial(ks.build_model, name))(**SMALL)
    monkeypatch.setitem(importing.CONVERTERS, name, dataclasses.replace(
        converter, build=converter.build and (lambda width_multiplier: model)))
    monkeypatch.setattr(importing, "build_model", lambda *_, **__: model)
    data, refused = source.read_bytes(), 0
    broken = tmp_path / f"broken{source.suffix}"
    importing.convert(name, source, tmp_path / "out.h5", **SMALL)
    for _ in range(100):
        broken.write_bytes(damaged(data, rng))
        try:
            importing.convert(name, broken, tmp_path / "out.h5", **SMALL)
        except WeightsError as error:
            refused += 1
            assert "broken" in str(error) and len(str(error)) < 1200
    assert refused > 30


def test_random_bytes_are_no_weights(tmp_path, rng):
    for ending in formats.ENDINGS:
        for _ in range(20):
            path = tmp_path / f"noise{ending}"
            path.write_bytes(rng.bytes(rng.integers(1, 300)))
            with pytest.raises(WeightsError, match="noise"):
                formats.read(path, formats.detect(path))
