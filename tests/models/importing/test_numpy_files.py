"""SalGAN and JuntingNet from `.npz` archives; archives that would take too much memory."""
import io
import pickle
import zipfile

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d
from writers import (
    DECODER,
    SMALL,
    VGG,
    imported,
    junting_file,
    junting_map,
    junting_parameters,
    response,
    salgan_file,
    sliding,
)

from keras_saliency.models import facts_of, importing, weights_file
from keras_saliency.models.importing import formats
from keras_saliency.models.weights_file import WeightsError


def test_salgan_turns_the_filters_of_the_decoder_only(tmp_path, rng):
    parameters = salgan_file(tmp_path / "gen.npz", rng)
    model = imported("salgan", tmp_path / "gen.npz", tmp_path)
    names = [f"block{n[0]}_conv{n[2]}" for n, *_ in VGG] + [name for name, *_ in DECODER]
    for index, name in enumerate(names):
        kernel, bias = parameters[2 * index:2 * index + 2]
        x = rng.standard_normal((6, 7, kernel.shape[1]))
        slide = correlate2d if name.startswith("block") else convolve2d
        np.testing.assert_allclose(response(model, name, x), sliding(x, kernel, bias, slide),
                                   atol=1e-5, err_msg=name)
    facts = facts_of(model)
    assert facts.about["preprocessing"] == "caffe" and facts.canvas == (192, 256)


def test_float16_is_close_and_too_large_weights_are_named(tmp_path, rng):
    salgan_file(tmp_path / "gen.npz", rng)
    importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "half.h5", "float16", **SMALL)
    importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "whole.h5", **SMALL)
    half, whole = (weights_file.read(tmp_path / f"{n}.h5") for n in ("half", "whole"))
    assert half["output"]["kernel"].dtype == np.float16
    np.testing.assert_allclose(half["output"]["kernel"], whole["output"]["kernel"], rtol=1e-3)
    arrays = [a * 1e6 for a in np.load(tmp_path / "gen.npz").values()]
    np.savez(tmp_path / "large.npz", *arrays)
    with pytest.raises(WeightsError, match="block1_conv1.kernel has weights beyond float16"):
        importing.convert("salgan", tmp_path / "large.npz", tmp_path / "x.h5", "float16", **SMALL)


@pytest.mark.parametrize("filters, backwards", [(4, False), (2, False), (4, True)])
def test_junting_net_computes_what_lasagne_does(tmp_path, rng, filters, backwards):
    """An old nolearn lists the parameters backwards."""
    parameters = junting_parameters(rng, filters)
    junting_file(tmp_path / "juntingnet.npz", parameters, backwards)
    model = imported("salnet_shallow", tmp_path / "juntingnet.npz", tmp_path)
    image = rng.uniform(0, 255, (96, 96, 3)).astype(np.float32)
    expected = junting_map(parameters, image / 255)
    np.testing.assert_allclose(model(image[None])[0, ::2, ::2, 0], expected, atol=1e-4)
    assert facts_of(model).about["options"]["filters"] == 32 * filters
    assert facts_of(model).about["dataset"] == ("isun" if filters == 2 else "salicon")


def test_filters_of_another_number_are_a_mismatch_and_no_network_is_built_for_them(tmp_path, rng):
    junting_file(tmp_path / "juntingnet.npz", junting_parameters(rng, 6))
    with pytest.raises(WeightsError, match=(
            r"arr_4 has shape \(6, 2, 3, 3\), salnet_shallow needs \(4, 2, 3, 3\)")):
        importing.convert("salnet_shallow", tmp_path / "juntingnet.npz", tmp_path / "out.h5",
                          **SMALL)


def array_bytes(shape, data=b"", dtype="<f4"):
    """Return a `.npy` whose header has `shape`, whatever the data."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"shape": shape, "fortran_order": False, "descr": dtype})
    return file.getvalue() + data


@pytest.mark.parametrize("member, message", [
    (array_bytes((1 << 40,)), r"arr_0.npy has shape \(1099511627776,\) in 0 bytes"),
    (array_bytes((3, 1), bytes(8)), r"arr_0.npy has shape \(3, 1\) in 8 bytes"),
    (array_bytes((-1, -2), bytes(8)), r"arr_0.npy has shape \(-1, -2\) in 8 bytes"),
    (array_bytes((1,), pickle.dumps([1]), "|O"), "arr_0.npy holds object: write only arr"),
    (array_bytes((1 << 60,), dtype="|V0"), r"arr_0.npy holds \|V0: write only arrays of numbers"),
    (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "arr_0.npy is not a plain array"),
    (b"text", "gen.npz is not a readable .npz archive"),
])
def test_the_size_of_a_member_is_checked_before_it_is_read(tmp_path, monkeypatch, member, message):
    monkeypatch.setattr(formats.np, "load", None)
    with zipfile.ZipFile(tmp_path / "gen.npz", "w") as archive:
        archive.writestr("arr_0.npy", member)
    with pytest.raises(WeightsError, match=message):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5")


def test_an_archive_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(formats.np, "load", None)
    with zipfile.ZipFile(tmp_path / "gen.npz", "w", zipfile.ZIP_DEFLATED,
                         compresslevel=1) as archive:
        for n in range(2):
            with archive.open(f"arr_{n}.npy", "w") as file:
                file.write(array_bytes((3, 50 << 20)))
                for _ in range(3 * 200):
                    file.write(bytes(1 << 20))
    assert (tmp_path / "gen.npz").stat().st_size < 1e7
    with pytest.raises(WeightsError, match="gen.npz: its arrays take 1.3 GB, more than"):
        importing.convert("salgan", tmp_path / "gen.npz", tmp_path / "out.h5")
