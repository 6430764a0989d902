"""Detect the kind of an author's file by its first bytes and its ending, and read its arrays."""
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from keras_saliency.files import InputError
from keras_saliency.models.importing import readers
from keras_saliency.models.weights_file import WeightsError

# kind -> (name in messages, reader of a path)
READERS = {
    "caffemodel": ("Caffe model", readers.read_caffemodel),
    "graph": ("frozen TensorFlow graph", readers.read_graph),
    "npz": (".npz archive", readers.read_npz),
    "checkpoint": ("TensorFlow checkpoint", readers.read_checkpoint),
    "saved_model": ("TensorFlow SavedModel", readers.read_saved_model),
}
# kinds that are never read, known only for a clear message
REFUSED = {
    "npy": ".npy file, which holds one array or a pickle",
    "pickle": "pickle, which can run any code and is never loaded",
    "torch": "torch file, which contains a pickle; that can run any code and is never loaded",
}
ENDINGS = {".caffemodel": "caffemodel", ".pb": "graph", ".npz": "npz"}
REFUSED_ENDINGS = {".npy": "npy", ".pickle": "pickle", ".pkl": "pickle", ".pth": "torch",
                   ".pt": "torch"}
MAGIC = {b"\x93NUMPY": "npy",
         **{bytes([0x80, protocol]): "pickle" for protocol in range(2, 6)}}
# first bytes of files given by mistake -> advice
MISTAKES = {
    b"\x89HDF": "is HDF5 already: give ours to load_pretrained, Keras' VGG16 as encoder_weights",
    b"<": "is a web page, not the file behind the link: download that by hand",
    b"version https://git-lfs": "is a pointer of Git LFS: fetch the file with `git lfs pull`",
    b"\x1f\x8b": "is compressed: unpack it first",
}


def called(kind: str) -> str:
    """Return the name of a kind in messages."""
    return REFUSED[kind] if kind in REFUSED else READERS[kind][0]


def detect(path: Path) -> str:
    """Return the kind of a file or folder: a key of `READERS` or `REFUSED`."""
    if path.name == "saved_model.pb":
        raise WeightsError(f"{path}: give its folder, whose other files are needed too")
    if (path / "saved_model.pb").is_file():
        return "saved_model"
    if readers.checkpoint_prefix(path) != path or _index(path).is_file():
        return "checkpoint"
    if path.is_dir():
        raise WeightsError(f"{path} is a folder without saved_model.pb; for a checkpoint, give the "
                           "file that ends in .index")
    if not path.is_file():
        raise WeightsError(f"no file {path}")
    with open(path, "rb") as file:
        head = file.read(32)
    if not head:
        raise WeightsError(f"{path} is empty: download it again")
    for start, mistake in MISTAKES.items():
        if head.startswith(start):
            raise WeightsError(f"{path} {mistake}")
    if head.startswith(b"PK"):
        return "torch" if _holds_pickle(path) else "npz"
    ending = {**ENDINGS, **REFUSED_ENDINGS}.get(path.suffix.lower())
    kind = next((name for start, name in MAGIC.items() if head.startswith(start)), ending)
    if kind is None:
        raise WeightsError(f"{path}: unknown kind of file; known are {', '.join(ENDINGS)}, "
                           "checkpoints (.index) and SavedModel folders")
    return kind


def _index(path: Path) -> Path:
    return path.with_name(path.name + ".index")


def _holds_pickle(path) -> bool:
    with readable(path, "npz"), zipfile.ZipFile(path) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())


def parts(path: Path, kind: str) -> list:
    """Return the files that `read` reads, in order."""
    if kind == "checkpoint":
        prefix = readers.checkpoint_prefix(path)
        return [_index(prefix), *readers.data_files(prefix)]
    if kind == "saved_model":
        return [path / "saved_model.pb", *sorted((path / "variables").glob("variables.*"))]
    return [path]


def read(path: Path, kind: str) -> dict:
    """Return {key: array} of a file of a `kind` of `READERS`, in the file's order."""
    with readable(path, kind):
        return READERS[kind][1](path)


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turn any error of the block into one `WeightsError` that names the file."""
    try:
        yield
    except InputError as error:
        raise WeightsError(f"{path}: {error}") from None
    except Exception as error:  # a damaged file can make any step of a reader fail
        raise WeightsError(f"{path} is not a readable {called(kind)} ({type(error).__name__}: "
                           f"{str(error)[:200]}); it may be cut short or damaged: download it "
                           "again") from None
