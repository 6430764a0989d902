"""Files of a prediction: density PNG, colored overlay, raw map."""
import errno
import io
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import numpy as np
from tqdm import tqdm

from keras_saliency.files import (
    AnyPath,
    InputError,
    addresses,
    file_state,
    printable,
    require_writable,
)
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.files.picture_pixels import WHITE
from keras_saliency.prediction.overlay import density_picture, fine_picture, overlay, png_bytes
from keras_saliency.prediction.pictures import decode_picture, find_pictures, output_stems

AT_ONCE = 3  # pictures in work
SHARD = 16   # pictures that a worker of a cluster is given at once
RECORD = ".predictions.jsonl"  # of the predictions in a folder


def at_once(paths: Sequence) -> int:
    """Return the number of pictures of `paths` that are in work at the same time."""
    return 1 if len(paths) == 1 and not os.path.isdir(paths[0]) else AT_ONCE


def output_names(stem: str, raw: bool = False) -> list:
    """Return the names of a prediction's files: the density, the overlay and, if `raw`, the map."""
    return [f"{stem}_density.png", f"{stem}_overlay.png", *([f"{stem}.npy"] if raw else [])]


def write_prediction(image: np.ndarray, saliency_map: np.ndarray, stem: str,
                     folder: AnyPath, raw: bool = False) -> None:
    """Write the files of a prediction, in the image's size, into a folder or an address.

    `<stem>_density.png` has 16 bits and peak 65535, see `fine_picture`; `raw` adds `<stem>.npy`,
    float32 [H, W].
    """
    colored = overlay(image, density_picture(saliency_map))  # its levels are those of the map
    names = output_names(stem, raw)
    contents = [png_bytes(fine_picture(saliency_map), names[0]), png_bytes(colored, names[1])]
    if raw:
        array = io.BytesIO()
        np.save(array, saliency_map)
        contents.append(array.getvalue())
    for name, its in zip(names, contents):
        addresses.write_bytes(addresses.join(folder, name), its)


def predict_all(predict: Callable, paths: Sequence, folder: AnyPath, raw: bool = False,
                limit: int = LIMIT, client: Any = None,
                background: Sequence[int] = WHITE) -> list:
    """Predict every picture of `paths` (files and folders) and write its files into `folder`.

    Args:
        predict: function, uint8 [H, W, 3] RGB -> float32 [H, W]; called from several threads.
        limit: largest number of pixels of a picture.
        client: of `cluster.connect`, whose workers predict and write, on the same file system.
        background: (r, g, b), 0..255, on which lies what is transparent.

    A picture that cannot be read, predicted or named is reported on standard error and left out;
    the rest goes on. A full disk or a server that is away stops it all.

    Returns the messages of what failed.

    Raises:
        InputError: before the first picture is predicted: two that would write the same files,
            `folder` among `paths`, or a file that would be overwritten and is not an earlier
            prediction of the same picture.
        OSError: naming the file that could not be written, or the server.
    """
    failed, pictures, done = [], [], 0
    for path in paths:
        if os.path.isdir(path) and os.path.realpath(path) == os.path.realpath(folder):
            raise InputError(f"{path}: predictions in the folder of the pictures would be taken "
                             "for pictures the next time; give another folder")
        try:
            pictures += find_pictures(path, apart=[folder])
        except InputError as error:
            failed.append(str(error))
    stems = output_stems(pictures)
    _claim(folder, {name: picture for picture, stem in zip(pictures, stems)
                    for name in output_names(stem, raw)})
    jobs = list(zip(pictures, stems))
    settings = {"predict": predict, "folder": folder, "raw": raw, "limit": limit,
                "background": tuple(background)}
    try:
        for message in _here(jobs, settings) if client is None else _there(client, jobs, settings):
            failed += [message] if message else []
            done += message is None
    finally:
        print(printable(f"{done} of {len(pictures)} pictures predicted into {folder}"))
        for message in failed:
            print(f"error: {printable(message)}", file=sys.stderr)
    return failed


def predict_one(predict: Callable, folder: AnyPath, raw: bool, limit: int,
                background: Sequence[int], picture: AnyPath, stem: str) -> Optional[str]:
    """Predict a picture at a path or an address and write its files; return any error's text."""
    try:
        contents = addresses.read_bytes(picture, limit)
        image = decode_picture(contents, picture, limit, background)
    except InputError as error:
        return str(error)
    try:
        write_prediction(image, predict(image), stem, folder, raw)
    except InputError as error:  # of the model, the server or its map
        return f"{picture}: {error}"
    except _memory_errors():
        return f"{picture}: not enough memory; make it smaller"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise  # others would meet it too
        return f"{picture}: {output_names(stem)[0]} is too long for a file name; rename it"
    return None


def predict_shard(jobs: Sequence, **settings: Any) -> list:
    """Return `predict_one` of each (picture, stem) of a shard."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda job: predict_one(**settings, picture=job[0], stem=job[1]),
                             jobs))


def predict_recorded(jobs: Sequence, folder: AnyPath, raw: bool, **settings: Any) -> list:
    """Return [(message of `predict_one`, states of the picture and of its files)] of a shard."""
    read = [file_state(picture) for picture, _ in jobs]
    messages = predict_shard(jobs, folder=folder, raw=raw, **settings)
    return [(message, [state, *_written(folder, stem, raw)])
            for message, state, (_, stem) in zip(messages, read, jobs)]


def _written(folder, stem, raw) -> list:
    """Return the state of each file of a prediction."""
    return [file_state(os.path.join(folder, name)) for name in output_names(stem, raw)]


def _here(jobs, settings):
    # While the network works on one picture, files and single-threaded steps of others go on.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(predict_one, **settings, picture=picture, stem=stem)
                   for picture, stem in jobs]
        try:
            for job in tqdm(waiting, unit="picture", desc="predicting"):
                yield job.result()
        except BaseException:  # also Ctrl-C: what has not begun does not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _there(client, jobs, settings):
    settings = {**settings, "folder": os.path.abspath(settings["folder"])}
    jobs = [(os.path.abspath(picture), stem) for picture, stem in jobs]
    parts = [jobs[start:start + SHARD] for start in range(0, len(jobs), SHARD)]

    def holds(part, results):
        """Return False if a picture, or what was written, is not as the shard left it."""
        return [states for _, states in results] == [
            [file_state(picture), *_written(settings["folder"], stem, settings["raw"])]
            for picture, stem in part]

    for results in client.map(predict_recorded, "jobs", parts, settings, "predicting", len(jobs),
                              "picture", lambda part: [picture for picture, _ in part],
                              holds=holds):
        yield from (message for message, _ in results)


def _memory_errors() -> tuple:
    """Return the exceptions for too little memory; TensorFlow has its own."""
    tensorflow = sys.modules.get("tensorflow")
    return (MemoryError, *([tensorflow.errors.ResourceExhaustedError] if tensorflow else []))


def _claim(folder, owners) -> None:
    """Record the files that are going to be written, {name of a file in `folder`: its picture}.

    `RECORD` has a line of JSON for each, [file name, picture]. Lines are only ever added, at the
    end, so that several processes may predict into one folder.

    Raises:
        InputError: a file that is one of the pictures, or that exists and is no earlier prediction
            of the same picture.
    """
    folder = Path(folder)
    record = folder / RECORD
    require_writable(record)
    known = _read_record(record)
    place = lru_cache(maxsize=None)(os.path.realpath)  # of folders, of which there are few
    pictures = {name: os.path.join(place(os.path.dirname(picture)), os.path.basename(picture))
                for name, picture in owners.items()}
    read = set(pictures.values())
    for name, picture in pictures.items():
        target = os.path.join(folder, name)
        if os.path.join(place(folder), name) in read:
            raise InputError(f"{target} is one of the pictures to predict, and the prediction of "
                             f"{owners[name]} would overwrite it; give another folder")
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


def _read_record(record) -> dict:
    """Return {file name: picture} of the whole lines; the last of a name counts."""
    known = {}
    for line in record.read_bytes().splitlines() if record.is_file() else ():
        with suppress(ValueError, TypeError, RecursionError):
            name, picture = json.loads(line)
            known[name] = picture
    return known
