"""Data flows one way: a module imports only from the folders above it."""
import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "keras_saliency"

# From top to bottom; a module may import from its own layer and from those before it.
LAYERS = [
    {"files", "config", "compat", "maps"},
    {"datasets"},
    {"models"},
    {"losses"},
    {"metrics"},
    {"prediction"},
    {"baselines", "comparison"},
    {"scores", "evaluation"},
    {"predictors"},
    {"analysis"},
    {"training"},
    {"export"},
    {"report"},
    {"benchmarks", "command_line"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imported_layers(path):
    """Top-level names of the package that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_saliency"):
            parts = node.module.split(".")
            if len(parts) > 1:
                yield parts[1]
            else:
                yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("keras_saliency."):
                    yield alias.name.split(".")[1]


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if layer != "__init__":
            yield path, layer


def test_every_module_has_a_place():
    assert {layer for _, layer in modules()} <= set(RANK)


def test_modules_import_only_from_above():
    wrong = [f"{path.relative_to(PACKAGE)} imports {name}"
             for path, layer in modules() for name in imported_layers(path)
             if name in RANK and RANK[name] > RANK[layer]]
    assert not wrong, wrong


def test_only_report_uses_matplotlib():
    users = [path for path, layer in modules()
             if layer != "report" and "matplotlib" in path.read_text()]
    assert not users, users


def test_scripts_hold_no_logic():
    scripts = sorted((PACKAGE.parent / "scripts").glob("*.py"))
    assert scripts
    for script in scripts:
        assert len(script.read_text().splitlines()) < 80, script
