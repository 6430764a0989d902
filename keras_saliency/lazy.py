"""Names of a package that are imported when they are first asked for (PEP 562).

TensorFlow takes two seconds to import; what runs without it should not wait for it.
"""
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from pkgutil import iter_modules


def lazy(package: str, names: dict):
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: its `__name__`. names: {name: the module that has it}; the package's own modules
            are names as well.
    """
    modules = {module.name for module in iter_modules(sys.modules[package].__path__)}

    def __getattr__(name):
        if name in names:
            value = getattr(import_module(names[name]), name)
            setattr(sys.modules[package], name, value)
            return value
        if name in modules or f"{package}.{name}" in _Renamed.modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*vars(sys.modules[package]), *names, *modules})

    return __getattr__, __dir__


def find_old_names(renamed: dict) -> None:
    """Let modules that were renamed be imported by their old names too.

    Args:
        renamed: {old name: new name}, dotted.
    """
    _Renamed.modules.update(renamed)
    if not any(isinstance(finder, _Renamed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Renamed())


class _Renamed:
    """Finds modules by old names; before others, as a folder of such a name may be left over."""

    modules: dict = {}

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name in self.modules else None

    def create_module(self, spec):
        module = import_module(self.modules[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module):
        module.__spec__ = module.__spec__.loader_state  # it has run under its own name
