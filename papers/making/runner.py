"""Makes a result part by part; finished parts are kept."""
import functools
import hashlib
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Optional

from keras_saliency import __version__
from keras_saliency.files import InputError, require, sha256, uninterrupted
from papers.making import ledger
from papers.making.setting import Setting
from papers.making.spec import ResultSpec, Verdict
from papers.published import items_of

ROOTS = "roots"  # key of a result's facts
VERSIONS = ("tensorflow", "keras", "numpy", "scipy")


def make(name: str, spec: ResultSpec, setting: Setting, out) -> list:
    """Make the missing parts of a result and return all its rows, in the order of the parts.

    Each finished part adds its rows to `<out>/<name>.csv` at once and updates `<name>.json`,
    which holds settings, software and verdict. Plots of the numbers lie beside them.

    Raises:
        InputError: `out` holds the result made with other settings, or data or a model is missing.
    """
    path, settings = ledger.table_path(out, name), describe_settings(spec, setting)
    rows = ledger.read_rows(path)
    _require_alike(path, rows, settings)
    roots = _roots(name, setting, rows, out)
    parts = [tuple(part) for part in spec.parts(setting)]
    wanted = {part: ledger.key_of(dict(zip(spec.keys, part)), spec.keys) for part in parts}
    order = {key: place for place, key in enumerate(wanted.values())}
    finished = {ledger.key_of(row, spec.keys) for row in rows}
    for number, part in enumerate(parts, 1):
        if wanted[part] in finished:
            continue
        setting.log(f"{name}, part {number} of {len(parts)}: "
                    + ", ".join(f"{key} {value}" for key, value in zip(spec.keys, part)))
        begun = time.monotonic()
        measured = spec.measure(setting, *part)
        require(measured, f"{name}, part {number} of {len(parts)}, gives no rows: its data or "
                "models hold nothing to measure; see --root, --weights and --pictures")
        minutes = (time.monotonic() - begun) / 60 / len(measured)
        rows += [{**dict(zip(spec.keys, part)), **row, ledger.SETTINGS: settings,
                  ledger.MINUTES: round(minutes, 3)} for row in measured]
        rows.sort(key=lambda row: order.get(ledger.key_of(row, spec.keys), len(order)))
        with uninterrupted():
            ledger.write_rows(path, rows)
            _write_facts(name, spec, len(parts), out, roots)
    rows = rows_of(name, out)
    facts = ledger.read_facts(ledger.facts_path(out, name))
    if rows and (facts.get("finished"), facts.get("verdict")) != (
            finished_parts(spec, rows), verdict_of(spec, rows, len(parts)).text):
        # rows from another machine, or a changed verdict
        _write_facts(name, spec, len(parts), out, roots)
    if spec.draw is not None:
        spec.draw(rows, Path(out) / name)
    return rows


def rows_of(name: str, out) -> list:
    """Return the rows in the file of a result."""
    return ledger.read_rows(ledger.table_path(out, name))


def describe_settings(spec: ResultSpec, setting: Setting) -> str:
    """Return the recipe and its changes as the text of the column `settings`."""
    words = [spec.recipe or "", *setting.overrides, "quick" if setting.quick else ""]
    return " ".join(word for word in words if word)


def verdict_of(spec: ResultSpec, rows, parts: int) -> Verdict:
    """Return the verdict on rows read from the file; it is open while parts are missing."""
    done = finished_parts(spec, rows)
    if done < parts:
        return Verdict(None, "No verdict before all of them are made.")
    return spec.verdict(rows)


def finished_parts(spec: ResultSpec, rows) -> int:
    """Return the number of parts that have rows."""
    return len({ledger.key_of(row, spec.keys) for row in rows})


def _require_alike(path, rows, settings: str) -> None:
    for row in rows:
        made = str(row.get(ledger.SETTINGS, ""))
        if made != settings:
            raise InputError(f"{path} was made with {made or 'no settings'!r}, not with "
                             f"{settings or 'none'!r}; give another --out, or remove it")


def _roots(name, setting, rows, out) -> Optional[dict]:
    """Return {dataset: digest} of the folders that the rows of a result are made from.

    None for a result from before these were recorded.

    Raises:
        InputError: a folder has other contents than the one that the rows were made from.
    """
    before = ledger.read_facts(ledger.facts_path(out, name)).get(ROOTS) if rows else {}
    if before is None:
        return None
    now = {key: contents_of(root) for key, root in setting.roots.items()}
    for key, digest in now.items():
        if before.get(key, digest) != digest:
            raise InputError(f"{ledger.table_path(out, name)} was made from other files than those "
                             f"of --root {key}={setting.roots[key]}; give the same data, or "
                             "another --out")
    return {**now, **before}


@functools.lru_cache(maxsize=None)  # several results are made from one folder
def contents_of(folder) -> str:
    """Return a digest of the names and contents of the files below a folder but hidden ones."""
    folder = Path(folder)
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("[!.]*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256(path)}\n".encode())
    return digest.hexdigest()[:16]


def _write_facts(name, spec, parts, out, roots) -> None:
    path, rows = ledger.facts_path(out, name), rows_of(name, out)
    verdict = verdict_of(spec, rows, parts)
    made_from = {} if roots is None else {ROOTS: roots}
    ledger.write_facts(path, {
        "result": name, "title": spec.title, "items": items_of(name), "data": list(spec.data),
        **made_from,
        "parts": parts, "finished": finished_parts(spec, rows),
        "minutes": round(sum(row[ledger.MINUTES] for row in rows), 1),
        "settings": rows[0][ledger.SETTINGS], "holds": verdict.holds, "verdict": verdict.text,
        "versions": sorted({*ledger.read_facts(path).get("versions", ()), versions()})})


def versions() -> str:
    """Return the versions of the software that numbers depend on, in one line."""
    return ", ".join([f"keras_saliency {__version__}", f"Python {platform.python_version()}",
                      *(f"{package} {metadata.version(package)}" for package in VERSIONS)])
