"""Names of a package that are imported when they are first asked for (PEP 562).

TensorFlow takes two seconds to import; what runs without it should not wait for it.
"""
import sys
from importlib import import_module


def lazy(package: str, names: dict, modules=()):
    """`__getattr__` and `__dir__` of a package.

    Args:
        package: its `__name__`. names: {name: the module that has it}. modules: of the package,
            which are names of it too.
    """
    def __getattr__(name):
        if name in names:
            value = getattr(import_module(names[name]), name)
        elif name in modules:
            return import_module(f"{package}.{name}")
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        setattr(sys.modules[package], name, value)
        return value

    def __dir__():
        return sorted({*vars(sys.modules[package]), *names, *modules})

    return __getattr__, __dir__
