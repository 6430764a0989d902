"""Builds of a clone: a wheel with its files, a complete sdist, an editable install."""
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import keras_saliency

pytest.importorskip("setuptools")
pytest.importorskip("wheel")
REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("keras_saliency", "configs", "scripts", "papers", "benchmarks", "tests", "docs")


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone, in a folder called keras_saliency, with small weights."""
    clone = tmp_path_factory.mktemp("clones") / "keras_saliency"
    skipped = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "runs")
    for folder in FOLDERS:
        shutil.copytree(REPOSITORY / folder, clone / folder, ignore=skipped)
    for file in REPOSITORY.iterdir():
        if file.is_file() and file.name != ".git":
            shutil.copy(file, clone)
    (clone / ".ci").mkdir()
    shutil.copy(REPOSITORY / ".ci" / "run", clone / ".ci")
    (clone / "weights").mkdir()
    for file in (REPOSITORY / "weights").iterdir():
        (clone / "weights" / file.name).write_bytes(file.read_bytes()[:100])
    return clone


def build(what, clone, target) -> Path:
    """The path of what setuptools builds, as pip asks it to, without a network."""
    target.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from setuptools import build_meta; "
         "print(getattr(build_meta, 'build_' + sys.argv[1])(sys.argv[2]))", what, str(target)],
        cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


def files_of(folder) -> set:
    return {f"{folder.name}/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*")
            if path.is_file()}


def test_the_wheel_of_an_sdist_has_all_files(clone, tmp_path):
    sdist = build("sdist", clone, tmp_path / "dist")
    shutil.unpack_archive(sdist, tmp_path)
    unpacked = tmp_path / f"keras_saliency-{keras_saliency.__version__}"
    held = {name for folder in unpacked.iterdir() if folder.is_dir() for name in files_of(folder)}
    for folder in (*FOLDERS, "weights", ".ci"):
        assert files_of(clone / folder) <= held, folder
    wheel = build("wheel", unpacked, tmp_path / "wheel")
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    package = {name for name in files_of(clone / "keras_saliency") if "__pycache__" not in name}
    shipped = {f"keras_saliency/{name}" for folder in ("configs", "weights")
               for name in files_of(clone / folder)}
    assert {name for name in names if ".dist-info/" not in name} == package | shipped
    assert "keras_saliency/py.typed" in names


def test_an_editable_install_is_found_beside_the_clone(clone, tmp_path):
    """An interpreter that starts in the folder that holds the clone imports the package, not the
    clone's folder as an empty one."""
    with zipfile.ZipFile(build("editable", clone, tmp_path / "dist")) as wheel:
        wheel.extractall(tmp_path / "site")
    assert not list((tmp_path / "site").glob("*finder.py"))
    done = subprocess.run(
        [sys.executable, "-c", "import os, site, sys\n"
         # the clone that the tests themselves run in may be installed in the same way
         "sys.path[:] = [p for p in sys.path if not os.path.isfile(\n"
         "    os.path.join(p, 'keras_saliency', '__init__.py'))]\n"
         f"site.addsitedir({str(tmp_path / 'site')!r})\n"
         "import keras_saliency as ks; print(ks.__file__); "
         "from keras_saliency.config.reading import find_config; print(find_config('ead_osie'))"],
        cwd=clone.parent, capture_output=True, text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    assert done.stdout.split() == [str(clone / "keras_saliency" / "__init__.py"),
                                   str(clone / "configs" / "ead_osie.yaml")], done.stderr
