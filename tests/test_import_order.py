"""Data flows one way: a module imports only from the rooms above it (CONTRIBUTING.md)."""
import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "keras_saliency"

# From top to bottom; a module may import from its own room and from those above it.
ROOMS = ["lazy", "compat", "addons", "files", "config", "maps", "losses", "metrics", "datasets",
         "models", "prediction", "evaluation", "units", "areas", "export", "serving", "report",
         "training", "cluster", "cli", "__main__"]
RANK = {name: rank for rank, name in enumerate(ROOMS)}


def imported_modules(path):
    """Dotted names below the package that a file imports, anywhere in it: inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_saliency"):
            prefix = node.module.removeprefix("keras_saliency").lstrip(".")
            yield from (f"{prefix}.{alias.name}".lstrip(".") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("keras_saliency.") for alias in node.names
                        if alias.name.startswith("keras_saliency."))


def room_of(name):
    return name.split(".")[0]


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            yield path, room


def test_every_module_has_a_place():
    assert {room for _, room in modules()} == set(RANK)


def test_modules_import_only_from_above():
    wrong = [f"{path.relative_to(PACKAGE)} imports {name}"
             for path, room in modules() for name in imported_modules(path)
             if room_of(name) in RANK and RANK[room_of(name)] > RANK[room]]
    assert not wrong, wrong


def test_report_draws_what_it_is_given():
    """It computes nothing: no training, no engine, no network is run for a picture."""
    wrong = [f"{path.name} imports {name}" for path, room in modules() if room == "report"
             for name in imported_modules(path)
             if room_of(name) in ("training", "prediction", "models", "export")
             and not name.startswith("prediction.overlay")
             or name.startswith("evaluation")]
    assert not wrong, wrong


def test_the_package_imports_no_benchmark_paper_or_test():
    pattern = re.compile(r"^\s*(from|import) (benchmarks|papers|tests)\b", re.MULTILINE)
    wrong = [str(path) for path, _ in modules() if pattern.search(path.read_text())]
    assert not wrong, wrong


def test_only_report_and_overlays_use_matplotlib():
    users = [str(path) for path, room in modules() if room != "report"
             and path.name != "overlay.py" and "matplotlib" in path.read_text()]
    assert not users, users


def test_scripts_hold_no_logic():
    scripts = sorted((PACKAGE.parent / "scripts").glob("*.py"))
    assert scripts
    for script in scripts:
        assert len(script.read_text().splitlines()) < 80, script
