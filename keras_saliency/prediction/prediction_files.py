"""Files of a prediction: density PNG, colored overlay, raw map."""
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from keras_saliency.files import InputError, atomic_path
from keras_saliency.prediction.overlay import density_picture, overlay, save_png
from keras_saliency.prediction.pictures import find_pictures, output_stems, read_picture

AT_ONCE = 3  # pictures in work


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
        predict: function, uint8 [H, W, 3] RGB -> float32 [H, W]; called from several threads.

    A picture that cannot be read is reported on standard error and left out; the rest goes on.

    Returns:
        The messages of what failed.

    Raises:
        InputError: two pictures that would write the same files.
    """
    failed, pictures, done = [], [], 0
    for path in paths:
        try:
            pictures += find_pictures(path)
        except InputError as error:
            failed.append(str(error))

    def finish(picture, stem):
        """None, or what was wrong with the picture."""
        try:
            image = read_picture(picture)
            saliency_map = predict(image)
        except InputError as error:
            return str(error)
        write_prediction(image, saliency_map, stem, folder, raw)
        return None

    stems = output_stems(pictures)
    # While the network works on one picture, files and single-threaded steps of others go on.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(finish, *job) for job in zip(pictures, stems)]
        try:
            for job in tqdm(jobs, unit="image", desc="predicting"):
                message = job.result()
                failed += [message] if message else []
                done += message is None
        except BaseException:  # also Ctrl-C: what has not begun does not begin
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    print(f"{done} of {len(pictures)} pictures predicted into {folder}")
    for message in failed:
        print(f"error: {message}", file=sys.stderr)
    return failed
