"""The configs that come with the package, by name."""
from pathlib import Path

from keras_saliency.config.checks import ConfigError
from keras_saliency.files.paths import AnyPath
from keras_saliency.files.shipped import did_you_mean, shipped


def list_configs() -> list:
    """Return the names of the configs that come with the package, sorted."""
    return sorted(file.stem for file in shipped("configs").glob("*.yaml"))


def find_config(name_or_path: AnyPath) -> Path:
    """Return the file of a config: a path, or a name from `list_configs`, with or without .yaml.

    A file of that path wins over a config that comes with the package.

    Raises:
        ConfigError: there is neither; with the names that are spelt most like it.
    """
    path = Path(name_or_path).expanduser()
    if path.exists() and not path.is_dir():
        return path
    names, name = list_configs(), path.name.removesuffix(".yaml")
    if path.name == str(name_or_path) and name in names:
        return shipped("configs") / f"{name}.yaml"
    hint = did_you_mean(name, names) or f"; those that come with the package: {', '.join(names)}"
    raise ConfigError(f"no config file {name_or_path}{hint}")
