"""What kind of file this is, by its first bytes and its ending, and the arrays in it."""
import zipfile
from contextlib import contextmanager
from pathlib import Path

from keras_saliency.models.importing import (
    caffe,
    numpy_files,
    pickles,
    tensorflow_files,
    torch_files,
)
from keras_saliency.models.weights_file import WeightsError

# format -> (what it is called, reader of its bytes); those of TensorFlow are several files
READERS = {
    "caffemodel": ("Caffe model", caffe.read_caffemodel),
    "graph": ("frozen TensorFlow graph", tensorflow_files.read_graph),
    "npy": (".npy file", numpy_files.read_npy),
    "npz": (".npz archive", numpy_files.read_npz),
    "pickle": ("pickle", pickles.read_pickle),
    "torch": ("torch file", torch_files.read_torch),
}
FOLDERS = {
    "checkpoint": ("TensorFlow checkpoint", tensorflow_files.read_checkpoint),
    "saved_model": ("TensorFlow SavedModel", tensorflow_files.read_saved_model),
}
ENDINGS = {".caffemodel": "caffemodel", ".pb": "graph", ".npy": "npy", ".npz": "npz",
           ".pickle": "pickle", ".pkl": "pickle", ".pth": "torch", ".pt": "torch"}
MAGIC = {b"\x93NUMPY": "npy", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19": "torch"}
# first bytes of what is downloaded or given by mistake -> what to do
MISTAKES = {
    b"\x89HDF": "is HDF5 already: give ours to load_pretrained, Keras' VGG16 as encoder_weights",
    b"<": "is a web page, not the file behind the link: download it by hand",
    b"version https://git-lfs": "is a pointer of Git LFS: fetch the file with `git lfs pull`",
    b"\x1f\x8b": "is compressed: unpack it first",
}


def detect(path: Path) -> str:
    """The format of a file or folder; see `READERS` and `FOLDERS`.

    Raises:
        WeightsError: there is no such file, it is empty, or of another kind.
    """
    if path.name == "saved_model.pb":
        raise WeightsError(f"{path}: give the folder, whose other files belong to it")
    if (path / "saved_model.pb").is_file():
        return "saved_model"
    if tensorflow_files.checkpoint_prefix(path) != path or _index(path).is_file():
        return "checkpoint"
    if path.is_dir():
        raise WeightsError(f"{path} is a folder without saved_model.pb; of a checkpoint give the "
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
    known = next((name for start, name in MAGIC.items() if head.startswith(start)), None)
    if known is None and path.suffix.lower() not in ENDINGS:
        raise WeightsError(f"{path}: unknown kind of file; known are {', '.join(ENDINGS)}, "
                           "checkpoints (.index) and SavedModel folders")
    return known or ENDINGS[path.suffix.lower()]


def _index(path: Path) -> Path:
    return path.with_name(path.name + ".index")


def _holds_pickle(path) -> bool:
    with readable(path, "npz"), zipfile.ZipFile(path) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())


def parts(path: Path, kind: str) -> list:
    """The files that `read` reads, in order."""
    if kind == "checkpoint":
        prefix = tensorflow_files.checkpoint_prefix(path)
        return [_index(prefix), *sorted(prefix.parent.glob(f"{prefix.name}.data-*"))]
    if kind == "saved_model":
        return [path / "saved_model.pb", *sorted((path / "variables").glob("variables.*"))]
    return [path]


def read(path: Path, kind: str) -> dict:
    """{key: array} of a file of the format `kind`, in the file's order.

    Raises:
        WeightsError: it cannot be read; names the file, whatever is wrong with it.
    """
    if kind in READERS:
        with readable(path, kind):
            return READERS[kind][1](path.read_bytes())
    whole = tensorflow_files.checkpoint_prefix(path) if kind == "checkpoint" else path
    with readable(path, kind):
        return FOLDERS[kind][1](whole)


@contextmanager
def readable(path, kind):
    """Whatever the block raises becomes one `WeightsError` that names the file."""
    try:
        yield
    except WeightsError as error:
        raise type(error)(f"{path}: {error}") from None
    except Exception as error:  # a damaged file can make every step of a reader fail, in any way
        name = {**READERS, **FOLDERS}[kind][0]
        raise WeightsError(f"{path} is not a readable {name} ({type(error).__name__}: "
                           f"{str(error)[:200]}); it may be cut short or damaged: download it "
                           "again") from None
