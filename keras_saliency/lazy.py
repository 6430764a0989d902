"""Names of a package that are imported when they are first asked for (PEP 562).

TensorFlow takes two seconds to import; what runs without it should not wait for it.
"""
import sys
from importlib import import_module
from pkgutil import iter_modules


def lazy(package: str, names: dict):
    """`__getattr__` and `__dir__` of a package: its modules, and names that its modules have.

    Args:
        package: its `__name__`. names: {name: the module that has it}.
    """
    modules = {module.name for module in iter_modules(sys.modules[package].__path__)}

    def __getattr__(name):
        if name in names:
            value = getattr(import_module(names[name]), name)
            setattr(sys.modules[package], name, value)
            return value
        if name in modules:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*vars(sys.modules[package]), *names, *modules})

    return __getattr__, __dir__
