"""The kind of a file, told by its first bytes and not by its name."""
from keras_saliency.files.writing import AnyPath

_HDF5 = b"\x89HDF\r\n\x1a\n"
_STARTS = (
    (_HDF5, "HDF5, as weights files and .mat files of MATLAB 7.3 are"),
    (b"PK", "a zip archive, as .keras and .npz files and those of PyTorch are"),
    (b"\x80", "a pickle, as older files of PyTorch are"),
    (b"version https://git-lfs", "the pointer to a file that git-lfs keeps: run git lfs pull"),
    (b"<", "a web page, as a failed download is"))


def is_hdf5(path: AnyPath) -> bool:
    """Return True for a file that begins like HDF5, or in which HDF5 begins after a header."""
    with open(path, "rb") as file:
        for place in (0, *(2 ** power for power in range(9, 20))):
            file.seek(place)
            if file.read(len(_HDF5)) == _HDF5:
                return True
    return False


def describe_kind(path: AnyPath) -> str:
    """Return a clause such as "it is a zip archive ...", for messages."""
    with open(path, "rb") as file:
        start = file.read(64).lstrip()
    if not start:
        return "it is empty"
    kinds = [kind for begin, kind in _STARTS if start.startswith(begin)]
    return f"it is {kinds[0]}" if kinds else "it was written by another program"
