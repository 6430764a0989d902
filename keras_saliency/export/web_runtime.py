"""LiteRT.js, which runs networks in a browser: from its npm packages into a web page's folder."""
import gzip
import importlib.metadata
import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from keras_saliency.files import AnyPath, InputError, first_line, require

PACKAGES = {"@litertjs/core": "2.5.3", "@litertjs/wasm-utils": "2.5.3"}
# For browsers with threads, without, and without the newer instructions for vectors
VARIANTS = ("litert_wasm_threaded_internal", "litert_wasm_internal", "litert_wasm_compat_internal")
COMMAND = "npm install --no-save " + " ".join(f"{name}@{of}" for name, of in PACKAGES.items())
LICENCE, LICENCE_FILE = "Apache-2.0", "LICENSE.txt"


@contextmanager
def installed(folder: Optional[AnyPath] = None) -> Iterator[Path]:
    """Yield the folder node_modules with the packages, for a `with` block.

    `folder` is where COMMAND was run; None lets npm fetch them into a temporary one.
    """
    if folder is not None:
        yield _checked(Path(folder) / "node_modules")
        return
    npm = shutil.which("npm")
    require(npm is not None, "npm, which fetches the runtime of the page, is not on the PATH; "
            "install Node.js (https://nodejs.org, or apt-get install npm), or run elsewhere\n  "
            f"{COMMAND}\nand give that folder as the runtime")
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run([npm, *COMMAND.split()[1:], "--ignore-scripts", "--no-audit",
                               "--no-fund"], cwd=temporary, capture_output=True, text=True)
        require(not done.returncode, "npm could not fetch the runtime of the page: "
                f"{first_line(done.stderr or done.stdout)}\n  {COMMAND}")
        yield _checked(Path(temporary) / "node_modules")


def copy(modules: AnyPath, folder: Path) -> dict:
    """Copy the runtime from `modules`, the folder of `installed`, into `folder`.

    The WebAssembly is compressed; the licence lies beside it. Returns {variant: bytes of its file}.
    """
    core, utilities = (Path(modules) / name for name in PACKAGES)
    folder.mkdir(parents=True)
    # A worker resolves no names of packages.
    script = (core / "dist" / "index.js").read_text(encoding="utf-8")
    renamed = script.replace('"@litertjs/wasm-utils"', '"./wasm-utils.js"')
    require(renamed != script, f"{core}: its index.js does not import {utilities.name} as expected")
    (folder / "index.js").write_text(renamed, encoding="utf-8")
    shutil.copyfile(utilities / "dist" / "index.js", folder / "wasm-utils.js")
    sizes = {}
    for variant in VARIANTS:
        shutil.copyfile(core / "wasm" / f"{variant}.js", folder / f"{variant}.js")
        contents = compressed((core / "wasm" / f"{variant}.wasm").read_bytes())
        (folder / f"{variant}.bin").write_bytes(contents)
        sizes[variant] = len(contents)
    (folder / LICENCE_FILE).write_text(_licence(), encoding="utf-8")
    return sizes


def compressed(contents: bytes) -> bytes:
    """Compress a file for the page, which unpacks it: most file servers compress nothing."""
    return gzip.compress(contents, mtime=0)


def _checked(modules) -> Path:
    """`modules`, if the packages are there in their versions."""
    for name, version in PACKAGES.items():
        try:
            about = json.loads((modules / name / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise InputError(f"{modules}: no package {name}; run there\n  {COMMAND}") from None
        require(about.get("version") == version, f"{modules}: {name} is {about.get('version')}, "
                f"not {version}; run there\n  {COMMAND}")
        if about.get("license", LICENCE) != LICENCE:
            raise InputError(f"{modules}: the licence of {name} is {about['license']}, not "
                             f"{LICENCE}")
    return modules


def _licence() -> str:
    """Return the licence that the packages name but do not hold; absl-py is under the same one."""
    names = "\n".join(f"{name} {version}" for name, version in PACKAGES.items())
    text = next(file.read_text(encoding="utf-8") for file in importlib.metadata.files("absl-py")
                if file.name == "LICENSE")
    return f"{names}\nCopyright Google LLC, licensed under {LICENCE}:\n\n{text}"
