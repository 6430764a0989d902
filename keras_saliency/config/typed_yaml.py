"""YAML and texts `key.sub=value` into dataclasses.

An unknown key or a value of the wrong type is an error that names the key and lists what is valid;
nothing is guessed and nothing is ignored.
"""
import dataclasses
import re
import typing
from pathlib import Path
from typing import Any, Union

import yaml

from keras_saliency.files import InputError


class ConfigError(InputError):
    """A config file or an override is wrong; the message names the key and the remedy."""


def require(condition, message: str) -> None:
    """Raise `ConfigError` with a message unless the condition holds."""
    if not condition:
        raise ConfigError(message)


def read_pairs(pairs, source="setting", values=None) -> dict:
    """`key.sub=value` texts, values in YAML, as nested dicts.

    Args:
        source: what to call a pair in messages.
        values: nested dicts to change; default: new ones.

    Raises:
        ConfigError: a pair is not written like that, or a key is below one that holds a value.
    """
    values = {} if values is None else values
    for pair in pairs:
        _apply(values, pair, source)
    return values


def in_item(message: str, cls, path, index: int) -> str:
    """`message` about keys `path.key` of a dataclass, for the item `index` of a list of them:
    `path.<index>.key`."""
    keys, path = "|".join(f.name for f in dataclasses.fields(cls)), ".".join(path)
    return re.sub(rf"\b{path}\.({keys})\b", rf"{path}.{index}.\1", message)


def read_yaml(path: Path) -> dict:
    """Nested dicts of a YAML file; {} of an empty one.

    Raises:
        ConfigError: there is no such file, it is not YAML, or holds no keys.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no config file {path}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not readable YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    return values


def _apply(values: dict, pair: str, source: str) -> None:
    key, equals, text = pair.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"{source} {pair!r}: write key=value or key.sub=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} {pair!r}: the value is not YAML: {error}") from None
    for depth, part in enumerate(parts[:-1]):
        values = values[int(part)] if isinstance(values, list) else values.setdefault(part, {})
        if isinstance(values, list):
            _require_index(values, parts[:depth + 1], parts[depth + 1:], f"{source} {pair!r}")
        elif not isinstance(values, dict):
            raise ConfigError(f"{source} {pair!r}: {part} holds a value, not keys")
    values[int(parts[-1]) if isinstance(values, list) else parts[-1]] = value


def _require_index(values: list, path, rest, where) -> None:
    """Raise `ConfigError` unless `rest`, the parts of a key below `path`, begin with an index."""
    key, last = ".".join(path), len(values) - 1
    index, *below = rest if rest[0].isdecimal() else ["0", *rest]
    require(rest[0] == index and int(index) <= last,
             f"{where}: {key} is a list; say which of {key}.0 to {key}.{last}, as in "
             f"{'.'.join((key, '0', *below))}=...")


def build(cls, values, source, path=()):
    """An instance of the dataclass `cls` from nested dicts, each value of the type that its field
    is annotated with, `Optional`, lists, dicts and other dataclasses among them.

    Args:
        source: what the values come from, for messages. path: of keys to `values`.

    Raises:
        ConfigError: naming the key.
    """
    if not isinstance(values, dict):
        raise ConfigError(f"{source}: {'.'.join(path)} must hold keys, not {values!r}")
    types = typing.get_type_hints(cls)
    for key in values:
        if key not in types:
            where = ".".join((*path, str(key)))
            raise ConfigError(f"{source}: no key {where!r}; the keys here are "
                              f"{', '.join(types)}")
    return cls(**{key: _check(types[key], value, (*path, key), source)
                  for key, value in values.items()})


def _sections(cls, values, path, source) -> list:
    """The sections of a list, each with the name that a section alone may leave out."""
    sections = []
    for index, section in enumerate(values):
        own = (*path, str(index))
        require(isinstance(section, dict) and "name" in section,
                 f"{source}: {'.'.join(own)} has no name; in a list each dataset needs one, as in "
                 f"{'.'.join(own)}.name=osie")
        try:
            sections.append(build(cls, section, source, own))
        except ConfigError as error:
            raise ConfigError(in_item(str(error), cls, path, index)) from None
    return sections


def _check(kind, value, path, source):
    """`value` as `kind`; YAML's `1e-4` (a string to it) and whole numbers pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return build(kind, {} if value is None else value, source, path)
    if kind is Any:
        return value
    if origin is Union and type(None) not in arguments:  # a section, or a list of them
        if isinstance(value, (list, tuple)):
            return _sections(arguments[0], value, path, source)
        return build(arguments[0], {} if value is None else value, source, path)
    if origin is Union:  # Optional[...]
        return None if value is None else _check(arguments[0], value, path, source)
    if origin is list and isinstance(value, (list, tuple)):
        return [_check(arguments[0], item, path, source) for item in value]
    if origin is dict and isinstance(value, dict):
        return {str(key): _check(arguments[1], item, (*path, str(key)), source)
                for key, item in value.items()}
    if kind is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    raise ConfigError(f"{source}: {'.'.join(path)} must be {_describe(kind)}, not {value!r}")


def _describe(kind) -> str:
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return f"a list, each {_describe(arguments[0])}"
    if origin is dict:
        return "keys and values"
    return words.get(kind, str(kind))
