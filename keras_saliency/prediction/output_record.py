"""A record of the predictions in a folder, so that no other file is overwritten.

A hidden file of the folder has a line of JSON for each, [file name, picture]. Lines are only ever
added, at the end, so that several processes may predict into one folder.
"""
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Union

from keras_saliency.files import InputError, require, require_writable

RECORD = ".predictions.jsonl"


def claim(folder: Union[str, Path], owners: dict) -> None:
    """Record the files that are going to be written, {name of a file in `folder`: its picture}.

    A file that is one of the pictures, or that exists and is no earlier prediction of the same
    picture, is an `InputError`.
    """
    folder = Path(folder)
    record = folder / RECORD
    require_writable(record)
    known = _read(record)
    place = lru_cache(maxsize=None)(os.path.realpath)  # of folders, of which there are few
    pictures = {name: os.path.join(place(os.path.dirname(picture)), os.path.basename(picture))
                for name, picture in owners.items()}
    read = set(pictures.values())
    for name, picture in pictures.items():
        target = os.path.join(folder, name)
        require(os.path.join(place(folder), name) not in read, f"{target} is one of the pictures "
                f"to predict, and the prediction of {owners[name]} would overwrite it; give "
                "another folder")
        if os.path.lexists(target) and known.get(name) != picture:
            raise InputError(f"{target} is there already and is no earlier prediction of "
                             f"{owners[name]}; move it away, or give another folder")
    new = [json.dumps(entry) + "\n" for entry in pictures.items() if entry not in known.items()]
    if new:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(record, "ab") as file:
                # the line before may have been cut off by a full disk
                file.write(("\n" + "".join(new)).encode())
        except OSError as error:  # of a full disk: it names no file
            raise OSError(error.errno, error.strerror, str(record)) from error


def _read(record) -> dict:
    """Return {file name: picture} of the whole lines; the last of a name counts."""
    known = {}
    if record.is_file():
        for line in record.read_bytes().splitlines():
            try:
                name, picture = json.loads(line)
                known[name] = picture
            except (ValueError, TypeError, RecursionError):
                continue
    return known
