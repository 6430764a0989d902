"""Picture files: finding, reading and naming them."""
from pathlib import Path

import cv2
import numpy as np

from keras_saliency.files import InputError

PICTURE_TYPES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def read_picture(path) -> np.ndarray:
    """uint8 [H, W, 3] RGB of a picture file, turned upright as its EXIF data says.

    Grayscale is repeated, alpha dropped, 16 bits reduced to 8.

    Raises:
        InputError: naming a file that is missing, empty or not a picture.
    """
    path = Path(path)
    try:
        contents = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if not len(contents):
        raise InputError(f"{path}: the file is empty")
    try:
        picture = cv2.imdecode(contents, cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV takes
        picture = None
    if picture is None:
        raise InputError(f"{path}: not a picture that OpenCV can decode "
                         f"({', '.join(t[1:] for t in PICTURE_TYPES)})")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def find_pictures(path) -> list:
    """`path` itself if it is a file, else the picture files of the folder, sorted.

    Raises:
        InputError: no such path, or a folder without pictures.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    pictures = sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURE_TYPES)
    if not pictures:
        raise InputError(f"{path}: no pictures in this folder "
                         f"({', '.join(t[1:] for t in PICTURE_TYPES)})")
    return pictures


def output_stems(pictures) -> list:
    """A file-name stem for each picture; pictures of one stem keep their type in it.

    Raises:
        InputError: two pictures with the same name and type from different folders.
    """
    stems = [p.stem for p in pictures]
    unique = [stem if stems.count(stem) == 1 else p.name.replace(".", "_")
              for p, stem in zip(pictures, stems)]
    for index, stem in enumerate(unique):
        if stem in unique[:index]:
            first = pictures[unique.index(stem)]
            raise InputError(f"{first} and {pictures[index]} would write the same files; "
                             "predict them into different folders")
    return unique
