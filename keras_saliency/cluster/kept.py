"""Results of finished shards in a folder, so that stopped work can go on."""
import pickle
from pathlib import Path
from typing import Any, Sequence, Union

from keras_saliency.cluster import packing
from keras_saliency.files import InputError, atomic_path, remove_abandoned

_NUMPY = ("_frombuffer", "_reconstruct", "dtype", "ndarray", "scalar")  # parts of pickled arrays


class Kept:
    """Results of the shards of one piece of work, in `folder`/`name`; `resume` reuses old ones."""

    def __init__(self, folder: Union[str, Path], name: str, resume: bool = False):
        self.folder, self.resume = Path(folder) / name, resume
        remove_abandoned(self.folder)

    def has(self, number: int, shard: Sequence) -> bool:
        """Return True if a shard is finished."""
        return self.resume and self._path(number, shard).is_file()

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
        return self.folder / f"{number:06d}-{packing.digest(packing.pack(shard))}.shard"


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

