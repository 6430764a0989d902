"""Names of a package that are imported when they are first asked for (PEP 562).

TensorFlow takes seconds to import; programs that do not need it should not wait for it.
"""
import os
import re
import sys
import threading
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Callable, Iterator, Optional, Tuple

# Lines that TensorFlow's libraries log as they load: facts, warnings, and the error that CUDA's
# plugins are registered twice.
_LOADING = re.compile(rb"WARNING: All log messages before absl::InitializeLog|"
                      rb"[IW]\d{4} [\d:.]+ |\d{4}-\d\d-\d\d [\d:.]+: [IW] |"
                      rb"To enable the following instructions: |"
                      rb".*Unable to register cu\w+ factory")
_HOLDING = threading.Lock()  # one block at a time holds lines back


def lazy(package: str, names: dict) -> Tuple[Callable, Callable]:
    """Return `__getattr__` and `__dir__` for a package, given its `__name__` and {name: the module
    that has it}; the package's own modules are names as well."""
    modules = {module.name for module in iter_modules(sys.modules[package].__path__)}

    def __getattr__(name):
        if name in names:
            with quiet_loading():
                value = getattr(import_module(names[name]), name)
            setattr(sys.modules[package], name, value)
            return value
        if name in modules or f"{package}.{name}" in _Renamed.modules:
            with quiet_loading():
                return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def __dir__():
        module = sys.modules[package]
        return sorted({*module.__all__, *(name for name in vars(module) if name[:2] == "__")})

    return __getattr__, __dir__


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Leave out the lines that TensorFlow's libraries log while the block loads them.

    They write before they read any setting. Later they log only warnings and errors, unless the
    user has set TF_CPP_MIN_LOG_LEVEL.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    with without_lines(_LOADING):
        yield


@contextmanager
def without_lines(dropped: re.Pattern) -> Iterator[None]:
    """Hold back what is written to the file descriptor of standard error within the block.

    At its end lines appear that do not begin with the pattern of bytes `dropped`, and all of them
    if it raises. With KERAS_SALIENCY_DEBUG set nothing is held back. A block inside it, or in
    another thread meanwhile, holds back nothing more.
    """
    if os.environ.get("KERAS_SALIENCY_DEBUG") or not _HOLDING.acquire(blocking=False):
        yield
        return
    try:
        yield from _hold(dropped)
    finally:
        _HOLDING.release()


def _hold(dropped):
    try:
        screen = os.dup(2)
    except OSError:  # a process without standard error
        yield
        return
    from tempfile import TemporaryFile  # after what may be all that a program needs

    failed = True
    with TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            os.dup2(screen, 2)
            os.close(screen)
            held.seek(0)
            for line in held:
                if failed or not dropped.match(line):
                    os.write(2, line)


def import_tensorflow() -> None:
    """Import TensorFlow, for commands that will need it."""
    with quiet_loading():
        import_module("tensorflow")


def find_old_names(renamed: dict) -> None:
    """Let modules be imported by old names too, from {old dotted name: new}."""
    _Renamed.modules.update(renamed)
    if not any(isinstance(finder, _Renamed) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Renamed())


class _Renamed:
    """Finds modules by old names; before others, as a folder of such a name may be left over."""

    modules: dict = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[ModuleSpec]:
        return ModuleSpec(name, self) if name in self.modules else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.modules[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = module.__spec__.loader_state  # it has run under its own name
