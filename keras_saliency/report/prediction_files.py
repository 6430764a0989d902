"""Files of a prediction: density PNG, colored overlay, raw map."""
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keras_saliency.files import atomic_path
from keras_saliency.prediction import find_pictures, read_picture
from keras_saliency.report.overlay import density_picture, overlay, save_png


AHEAD = 3  # pictures that are read before, or still written after, the one that is predicted


def write_prediction(image, saliency_map, stem, folder, raw=False) -> None:
    """Write `<stem>_density.png` (8-bit, peak 255), `<stem>_overlay.png` and, if `raw`,
    `<stem>.npy` (float32 [H, W], the map as the model gave it), all in the image's size."""
    folder = Path(folder)
    save_png(folder / f"{stem}_density.png", density_picture(saliency_map))
    save_png(folder / f"{stem}_overlay.png", overlay(image, saliency_map))
    if raw:
        with atomic_path(folder / f"{stem}.npy") as temporary:
            np.save(temporary, saliency_map)


def predict_all(predict, paths, folder, raw=False) -> list:
    """Predict every picture of `paths` (files and folders) and write its files into `folder`.

    Args:
        predict: function, uint8 [H, W, 3] RGB -> float32 [H, W].

    A picture that cannot be read is reported on standard error and left out; the rest goes on.

    Returns:
        The messages of what failed.

    Raises:
        ValueError: two pictures that would write the same files.
    """
    failed, pictures, done = [], [], 0
    for path in paths:
        try:
            pictures += find_pictures(path)
        except ValueError as error:
            failed.append(str(error))
    stems = output_stems(pictures)
    # Files are read ahead and written behind while the network works on the picture between.
    with ThreadPoolExecutor(2) as pool:
        reads, writes = deque(), deque()
        waiting = iter(pictures)
        for picture, stem in tqdm(list(zip(pictures, stems)), unit="image", desc="predicting"):
            while len(reads) < AHEAD and (upcoming := next(waiting, None)) is not None:
                reads.append(pool.submit(read_picture, upcoming))
            try:
                image = reads.popleft().result()
                saliency_map = predict(image)
            except ValueError as error:
                failed.append(str(error))
                continue
            writes.append(pool.submit(write_prediction, image, saliency_map, stem, folder, raw))
            done += 1
            if len(writes) > AHEAD:
                writes.popleft().result()
        for write in writes:
            write.result()
    print(f"{done} of {len(pictures)} pictures predicted into {folder}")
    for message in failed:
        print(f"error: {message}", file=sys.stderr)
    return failed


def output_stems(pictures) -> list:
    """A file-name stem for each picture; pictures of one stem keep their type in it.

    Raises:
        ValueError: two pictures with the same name and type from different folders.
    """
    stems = [p.stem for p in pictures]
    unique = [stem if stems.count(stem) == 1 else p.name.replace(".", "_")
              for p, stem in zip(pictures, stems)]
    for index, stem in enumerate(unique):
        if stem in unique[:index]:
            first = pictures[unique.index(stem)]
            raise ValueError(f"{first} and {pictures[index]} would write the same files; "
                             "predict them into different folders")
    return unique
