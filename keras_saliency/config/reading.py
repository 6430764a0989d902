"""Configs read from YAML and from overrides `key.sub=value`, and written as YAML.

An unknown key or a value of the wrong type is an error that names the key and lists what is valid;
nothing is guessed and nothing is ignored.
"""
import dataclasses
import re
import typing
from pathlib import Path
from typing import Any, Iterable, Optional, Type, TypeVar, Union

import yaml

from keras_saliency.config.sections import Config, ConfigError, DataConfig, require
from keras_saliency.files import AnyPath, write_whole
from keras_saliency.files.shipped import did_you_mean, shipped

Section = TypeVar("Section")  # a dataclass of `sections`


def load(path: Optional[AnyPath] = None, overrides: Iterable[str] = ()) -> Config:
    """Read a YAML file and apply overrides `key.sub=value`.

    `path` is a file, or the name of a config that comes with the package; None for all defaults.
    A `ConfigError` names the file, key, type or syntax at fault, with what is valid.
    """
    values = {} if path is None else read_yaml(find_config(path))
    return from_dict(read_pairs(overrides, values=values),
                     source=str(path) if path else "settings")


def list_configs() -> list:
    """Return the names of the configs that come with the package, sorted."""
    return sorted(file.stem for file in shipped("configs").glob("*.yaml"))


def find_config(name_or_path: AnyPath) -> Path:
    """Return the file of a config: a path, or else a name from `list_configs`, also with .yaml."""
    path = Path(name_or_path).expanduser()
    if path.exists() and not path.is_dir():
        return path
    names, name = list_configs(), path.name.removesuffix(".yaml")
    if path.name == str(name_or_path) and name in names:
        return shipped("configs") / f"{name}.yaml"
    hint = did_you_mean(name, names) or f"; those that come with the package: {', '.join(names)}"
    raise ConfigError(f"no config file {name_or_path}{hint}")


def from_dict(values: dict, source: str = "config") -> Config:
    """Return the `Config` of nested dicts; errors as `load`, naming `source`."""
    return build(Config, values, source)


def to_dict(config: Config) -> dict:
    """Return a config as nested plain dicts, which `from_dict` reads."""
    return dataclasses.asdict(config)


def save(config: Config, path: AnyPath) -> None:
    """Write a config as YAML."""
    write_whole(path, yaml.safe_dump(to_dict(config), sort_keys=False))


def in_section(message: str, index: int) -> str:
    """Put `data.<index>.key` for `data.key` in a message, for a section of a list."""
    keys = "|".join(field.name for field in dataclasses.fields(DataConfig))
    return re.sub(rf"\bdata\.({keys})\b", rf"data.{index}.\1", message)


def read_pairs(pairs: Iterable[str], source: str = "setting",
               values: Optional[dict] = None) -> dict:
    """Return nested dicts of `key.sub=value` texts with values in YAML, or change `values`.

    Messages call a pair `source`.
    """
    values = {} if values is None else values
    for pair in pairs:
        _apply(values, pair, source)
    return values


def read_yaml(path: Path) -> dict:
    """Return the nested dicts of a YAML file; {} of an empty one."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no config file {path}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not readable YAML: {error}") from None
    require(values is None or isinstance(values, dict),
            f"{path}: expected keys and values, found {type(values).__name__}")
    return values or {}


def _apply(values: dict, pair: str, source: str) -> None:
    key, equals, text = pair.partition("=")
    parts = key.strip().split(".")
    require(equals and all(parts), f"{source} {pair!r}: write key=value or key.sub=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{source} {pair!r}: the value is not YAML: {error}") from None
    for depth, part in enumerate(parts[:-1]):
        key = int(part) if isinstance(values, list) else part
        if (values[key] if isinstance(values, list) else values.get(key)) is None:
            values[key] = {}  # a section that is not there, or is there and empty
        values = values[key]
        if isinstance(values, list):
            _require_index(values, parts[:depth + 1], parts[depth + 1:], f"{source} {pair!r}")
        elif not isinstance(values, dict):
            raise ConfigError(f"{source} {pair!r}: {part} holds a value, not keys")
    values[int(parts[-1]) if isinstance(values, list) else parts[-1]] = value


def _require_index(values: list, path, rest, where) -> None:
    """Require `rest`, the parts of a key below `path`, to begin with an index of the list."""
    key, last = ".".join(path), len(values) - 1
    index, *below = rest if rest[0].isdecimal() else ["0", *rest]
    require(rest[0] == index and int(index) <= last,
            f"{where}: {key} is a list; say which of {key}.0 to {key}.{last}, as in "
            f"{'.'.join((key, '0', *below))}=...")


def build(cls: Type[Section], values: Any, source: str, path: tuple[str, ...] = ()) -> Section:
    """Return an instance of the dataclass `cls`, its values checked against the annotations.

    `source` and `path`, the keys that lead to the nested dicts `values`, are for messages.
    """
    require(isinstance(values, dict),
            f"{source}: {'.'.join(path)} must hold keys, not {values!r}")
    types = typing.get_type_hints(cls)
    for key in values:
        where = ".".join((*path, str(key)))
        require(key in types,
                f"{source}: no key {where!r}; the keys here are {', '.join(types)}")
    return cls(**{key: _check(types[key], value, (*path, key), source)
                  for key, value in values.items()})


def _sections(cls, values, path, source) -> list:
    """Return the sections of a list; each needs a name, which a section alone may leave out."""
    sections = []
    for index, section in enumerate(values):
        own = (*path, str(index))
        require(isinstance(section, dict) and "name" in section,
                f"{source}: {'.'.join(own)} has no name; in a list each dataset needs one, as in "
                f"{'.'.join(own)}.name=osie")
        try:
            sections.append(build(cls, section, source, own))
        except ConfigError as error:
            raise ConfigError(in_section(str(error), index)) from None
    return sections


def _check(kind, value, path, source):
    """Return `value` as `kind`; whole numbers and YAML's `1e-4`, a text to it, pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin is Union and type(None) in arguments:  # Optional[...]
        return None if value is None else _check(arguments[0], value, path, source)
    if origin is Union:  # a section, or a list of them
        if isinstance(value, (list, tuple)):
            return _sections(arguments[0], value, path, source)
        kind = arguments[0]
    if dataclasses.is_dataclass(kind):
        return build(kind, {} if value is None else value, source, path)
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
    if kind in (int, bool, str) and type(value) is kind:
        return value
    raise ConfigError(f"{source}: {'.'.join(path)} must be {_describe(kind)}, not {value!r}")


def _describe(kind) -> str:
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text",
             dict: "keys and values"}
    origin = typing.get_origin(kind) or kind
    if origin is list:
        return f"a list, each {_describe(typing.get_args(kind)[0])}"
    return words.get(origin, str(kind))
