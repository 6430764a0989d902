"""Errors about what users hand in, and the short texts in their messages."""
import importlib
import warnings
from types import ModuleType
from typing import Any, Iterable, Type


class InputError(ValueError):
    """Input that cannot be used; the message names file, key or layer, and the remedy.

    All errors about input derive from it. The commands show it as one line with exit code 2; any
    other ValueError is a bug and keeps its traceback.
    """


class InputWarning(UserWarning):
    """Input that can be used but may not be what it seems; the commands show it as one line."""


def warn(message: str) -> None:
    """Give an `InputWarning` in the name of the caller; Python shows the same one once."""
    warnings.warn(message, InputWarning, stacklevel=3)


class MissingPackage(InputError, ImportError):
    """An optional package that is not installed; the message has the pip command."""


def require(condition: Any, message: str, error: Type[InputError] = InputError) -> None:
    """Raise `error`, an `InputError`, with a message unless the condition holds."""
    if not condition:
        raise error(message)


class NotTrusted(InputError):
    """A file could run code or touch other files when it is opened, and was not trusted."""


def import_optional(module: str, extra: str) -> ModuleType:
    """Import a module that an extra of this package installs, or raise `MissingPackage`."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackage(f"{module} cannot be imported ({error}): "
                             f"{pip_command(extra)}") from None


def pip_command(extra: str) -> str:
    """Return the command that installs an extra; no package index has this package."""
    return f'python -m pip install ".[{extra}]" in a clone of the repository'


def list_some(items: Iterable, count: int = 5) -> str:
    """Return the first items, comma separated, and how many more there are; for messages."""
    items = [str(i) for i in items]
    more = f" and {len(items) - count} more" if len(items) > count else ""
    return ", ".join(items[:count]) + more


def printable(text: Any) -> str:
    """Escape control characters except line ends: text from a file must not steer the terminal."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode()
                   for c in str(text))


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message; its type if it has none."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
