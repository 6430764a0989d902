"""Shards as bytes: settings that all of them share, and kept results of those that are finished.

Equal settings give equal bytes, and so one digest.
"""
import hashlib
import io
import pickle
import sys
from pathlib import Path
from typing import Any, Callable, Optional, Sequence, Union

from keras_saliency.files import InputError, atomic_path, remove_abandoned

_NUMPY = ("_frombuffer", "_reconstruct", "dtype", "ndarray", "scalar")  # parts of pickled arrays


class _Pickler(pickle.Pickler):
    """Networks go as their layers and weights: what Keras writes of them differs each time."""

    def reducer_override(self, obj: Any) -> Any:
        keras = sys.modules.get("keras")  # without which there are no networks
        if keras is not None and isinstance(obj, keras.Model):
            return _network, (obj.to_json(), obj.get_weights())
        return NotImplemented


def pack(value: Any) -> bytes:
    """Return a value, with any networks in it, as bytes for `unpack` in the same software."""
    packed = io.BytesIO()
    _Pickler(packed, protocol=5).dump(value)
    return packed.getvalue()


def unpack(packed: bytes) -> Any:
    """Return the value that `pack` was given."""
    return pickle.loads(packed)


def digest(packed: bytes) -> str:
    """Return 16 letters that stand for some bytes."""
    return hashlib.sha256(packed).hexdigest()[:16]


def shard_name(number: int, shard: Sequence) -> str:
    """Return the name, without an ending, of the file for the result of a shard."""
    return f"{number:06d}-{digest(pack(shard))}"


def _network(layers, weights):
    """Build a network from its layers, whose configs hold its facts, and their weights."""
    import keras

    import keras_saliency.models.facts_layer  # noqa: F401  registers the layers

    model = keras.models.model_from_json(layers)
    model.set_weights(weights)
    return model


class Kept:
    """Results of the shards of one piece of work, in `folder`/`name`; `resume` reuses old ones.

    `holds` is a function (shard, result) -> bool: whether an old result is still right.
    """

    def __init__(self, folder: Union[str, Path], name: str, resume: bool = False,
                 holds: Optional[Callable] = None):
        self.folder, self.resume, self.holds = Path(folder) / name, resume, holds
        remove_abandoned(self.folder)

    def has(self, number: int, shard: Sequence) -> bool:
        """Return True if a shard is finished."""
        return (self.resume and self._path(number, shard).is_file()
                and (self.holds is None or self.holds(shard, self.read(number, shard))))

    def read(self, number: int, shard: Sequence) -> Any:
        """Return the result of a shard; `InputError` for a damaged or foreign file."""
        path = self._path(number, shard)
        try:
            with open(path, "rb") as file:
                return _Results(file).load()
        except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError,
                TypeError, ValueError) as error:
            raise InputError(f"{path}: not the result of a shard ({error}); remove it") from None

    def write(self, number: int, shard: Sequence, result: Any) -> None:
        """Write a result, whole or not at all."""
        with atomic_path(self._path(number, shard)) as temporary, open(temporary, "wb") as file:
            pickle.dump(result, file, protocol=4)

    def _path(self, number, shard) -> Path:
        return self.folder / f"{shard_name(number, shard)}.shard"


class _Results(pickle.Unpickler):
    """Read arrays, and tuples and mergeable classes of this package; run nothing else."""

    def find_class(self, module: str, name: str) -> type:
        root = module.partition(".")[0]
        if root == "numpy" and name in _NUMPY:
            return super().find_class(module, name)
        if root == "keras_saliency":
            found = super().find_class(module, name)
            if isinstance(found, type) and (issubclass(found, tuple) or hasattr(found, "merge")
                                            or hasattr(found, "joined")):
                return found
        raise pickle.UnpicklingError(f"it holds a {module}.{name}")
