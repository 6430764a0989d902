"""Files that users and strangers hand in, read with suspicion; files written whole or not at all.

Every error about input is an `InputError`.
"""
import hashlib

from keras_saliency.files.errors import (
    InputError,
    InputWarning,
    MissingPackage,
    NotTrusted,
    first_line,
    import_optional,
    list_some,
    pip_command,
    printable,
    require,
    warn,
)
from keras_saliency.files.tables import plain_cell, read_csv, read_json, safe_cell, write_csv
from keras_saliency.files.writing import (
    AnyPath,
    atomic_folder,
    atomic_path,
    file_state,
    remove_abandoned,
    require_writable,
    temporary_path,
    uninterrupted,
    write_whole,
)

__all__ = ["AnyPath", "InputError", "InputWarning", "MissingPackage", "NotTrusted",
           "atomic_folder", "atomic_path", "file_state", "first_line", "import_optional",
           "list_some", "pip_command", "plain_cell", "printable", "read_csv", "read_json",
           "remove_abandoned", "require", "require_writable", "safe_cell", "sha256",
           "temporary_path", "uninterrupted", "warn", "write_csv", "write_whole"]


def sha256(*paths: AnyPath) -> str:
    """Return the SHA-256 of the contents of files, one after another, in hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(2 ** 20), b""):
                digest.update(block)
    return digest.hexdigest()
