"""What a web page runs: the converted network, and where its runtime comes from."""
import json

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.export import web_page, web_runtime
from keras_saliency.export.web_page import Converted, canvases, convert, signatures
from keras_saliency.files import InputError

CANVAS = (64, 96)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    model = ks.build_model("msi_net", width_multiplier=0.1)
    model = ks.facts(model, canvas=CANVAS)
    image = np.random.default_rng(0).uniform(0, 255, (*CANVAS, 3)).astype(np.float32)
    assert ks.predict(model, image).std() > 0.05  # there is something to compare
    return model


@pytest.fixture(scope="module")
def contents(model):
    return convert(model, signatures(canvases(model)))


@pytest.fixture
def modules(tmp_path):
    """A folder with packages of the runtime's names and versions, and nothing of it."""
    for name, version in web_runtime.PACKAGES.items():
        folder = tmp_path / "npm" / "node_modules" / name
        (folder / "dist").mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps(
            {"name": name, "version": version, "license": "Apache-2.0"}))
        (folder / "dist" / "index.js").write_text('import { a } from "@litertjs/wasm-utils";')
    wasm = tmp_path / "npm" / "node_modules" / "@litertjs" / "core" / "wasm"
    wasm.mkdir()
    for variant in web_runtime.VARIANTS:
        (wasm / f"{variant}.js").write_text("")
        (wasm / f"{variant}.wasm").write_bytes(b"\0asm")
    return tmp_path / "npm"


def test_canvases(model):
    assert canvases(model) == {"canvas": CANVAS, "live": (32, 48), "turns": True}
    assert signatures(canvases(model)) == [CANVAS, (32, 48), (96, 64), (48, 32)]
    fixed = ks.build_model("msi_net", (40, 64, 3), width_multiplier=0.03)
    assert canvases(fixed) == {"canvas": (40, 64), "live": (40, 64), "turns": False}
    assert signatures(canvases(fixed)) == [(40, 64)]
    odd = ks.build_model("msi_net", width_multiplier=0.03)
    odd = ks.facts(odd, canvas=(72, 104))
    assert canvases(odd)["live"] == (32, 48)  # half of it is no multiple of the strides


@pytest.mark.parametrize("size", [(50, 80), (90, 30), (64, 96)])
def test_its_maps_are_those_of_the_network(size, model, contents):
    image = np.random.default_rng(0).uniform(0, 255, (*size, 3)).astype(np.float32)
    expected = ks.predict(model, image)
    found = ks.predict(Converted(contents, model), image)
    assert found.shape == expected.shape
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.98  # random weights, 8 bits


def test_weights_are_there_once(model, contents):
    assert len(contents) < 1.5 * len(convert(model, signatures(canvases(model))[:1]))


@pytest.mark.one_stack
def test_folder(model, modules, tmp_path):
    said = []
    folder = web_page.export_web(model, tmp_path / "demo", runtime=modules, log=said.append)
    settings = json.loads((folder / "model.json").read_text())
    assert settings["canvas"] == list(CANVAS) and len(settings["colors"]) == 256
    assert set(settings["lost"]) == {"nss", "cc", "kld"} and "NSS" in said[0]
    for name in ("index.html", "main.js", "worker.js", "style.css", "model.bin",
                 "runtime/index.js", "runtime/LICENSE.txt"):
        assert (folder / name).stat().st_size > 0, name
    assert '"./wasm-utils.js"' in (folder / "runtime" / "index.js").read_text()
    assert "Apache License" in (folder / "runtime" / "LICENSE.txt").read_text()
    assert settings["files"]["model"] == (folder / "model.bin").stat().st_size
    with pytest.raises(FileExistsError, match="demo exists"):
        web_page.export_web(model, folder, runtime=modules)


def test_losses_on_stimuli(model, contents, planted):
    said = []
    converted = Converted(contents, model)
    lost = web_page.losses(model, converted, (planted, 5.0), said.append)
    assert set(lost) == {"nss", "cc"} and all(abs(value) < 0.2 for value in lost.values())
    assert said[0].startswith("network on 12 stimuli") and said[1].startswith("page on 12 stimuli")


def test_without_its_runtime_nothing_is_written(model, modules, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no package @litertjs/core; run there\n  npm install"):
        web_page.export_web(model, tmp_path / "demo", runtime=tmp_path)
    package = modules / "node_modules" / "@litertjs" / "core" / "package.json"
    package.write_text(package.read_text().replace(web_runtime.PACKAGES["@litertjs/core"], "1.0"))
    with pytest.raises(InputError, match="@litertjs/core is 1.0, not"):
        web_page.export_web(model, tmp_path / "demo", runtime=modules)
    monkeypatch.setattr(web_runtime.shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="npm, which fetches the runtime .* is not on the PATH"):
        web_page.export_web(model, tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


def test_unknown_weights(model):
    with pytest.raises(InputError, match="quantize 'int4'; choose dynamic or float16"):
        convert(model, [CANVAS], "int4")


def test_float16_loses_nothing(model):
    halved = convert(model, [CANVAS], "float16")
    image = np.random.default_rng(0).uniform(0, 255, (*CANVAS, 3)).astype(np.float32)
    np.testing.assert_allclose(ks.predict(Converted(halved, model), image),
                               ks.predict(model, image), atol=0.005)
